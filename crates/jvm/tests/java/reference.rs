//! The results of Rust for rows and bytes, which the Java tests compare with their own.

use std::fs;
use std::path::{Path, PathBuf};

use org_structure::OrgStructure;

use crate::frames::Frames;
use crate::random::{Random, build, mutate, rows, rows_of};
use crate::{sample, sessions, transcript};

/// Answers `WHAT SEED COUNT` on standard output.
pub(crate) fn answer(arguments: &[String]) {
    let mut numbers = arguments.iter().skip(1).map(|number| number.parse::<u64>().unwrap());
    let (seed, count) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let mut random = Random::new(seed);
    let mut frames = Frames::new();
    match arguments.first().map(String::as_str) {
        Some("trees") => (0..count).for_each(|_| {
            let rows = rows(&mut random);
            tree(&mut frames, &rows);
        }),
        Some("wide") => [65_534, 65_535, 65_536, 70_000].iter().for_each(|&count| {
            let rows = rows_of(&mut random, count);
            tree(&mut frames, &rows);
        }),
        Some("bytes") => bytes(&mut frames, &mut random, count),
        Some("answers") => (0..count).for_each(|_| answers(&mut frames, &mut random)),
        Some("logins") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            (0..count).for_each(|_| sessions::random(&mut frames, &mut random, &runtime));
        }
        Some("sample") => sample::lend(),
        Some("sample-logins") => sessions::of_sample(),
        other => panic!("the reference knows nothing of {other:?}"),
    }
    frames.flush();
}

/// Rows, and the tree built from them.
fn tree(frames: &mut Frames, rows: &[crate::random::Row]) {
    frames.rows(rows);
    match build(rows) {
        Ok(built) => {
            frames.verdict(&Ok(()));
            frames.bytes(&built.structure.encode());
            frames.text(Some(&built.structure.fingerprint().to_string()));
            frames.number(built.findings.len().try_into().unwrap());
            for finding in &built.findings {
                frames.text(Some(&finding.to_string()));
            }
        }
        Err(error) => frames.verdict(&Err(error.to_string())),
    }
}

/// Bytes, and whether they decode: the fuzzer's corpus, and mutations of it.
fn bytes(frames: &mut Frames, random: &mut Random, count: u64) {
    let corpus = corpus();
    for bytes in &corpus {
        verdict(frames, bytes);
    }
    for _ in 0..count {
        let whole = match build(&rows(random)) {
            Ok(built) if !random.one_in(3) => built.structure.encode(),
            _ => random.pick(&corpus).clone(),
        };
        let changed = mutate(random, whole);
        verdict(frames, &changed);
    }
}

fn verdict(frames: &mut Frames, bytes: &[u8]) {
    frames.bytes(bytes);
    match OrgStructure::decode(bytes) {
        Ok(tree) => {
            assert_eq!(tree.encode(), bytes);
            frames.verdict(&Ok(()));
        }
        Err(error) => frames.verdict(&Err(error.to_string())),
    }
}

/// Seeds for the mutations: the corpus of the Rust decoder's fuzzer, and the golden vectors, valid and
/// refused.
fn corpus() -> Vec<Vec<u8>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../org-structure");
    let mut corpus: Vec<Vec<u8>> =
        files(&package.join("fuzz/corpus/decode")).iter().map(|file| fs::read(file).unwrap()).collect();
    for file in files(&package.join("tests/golden")) {
        let text = fs::read_to_string(file).unwrap();
        for key in ["\"canonical\": \"", "\"bytes\":\""] {
            let values = text.split(key).skip(1).filter_map(|rest| rest.split('"').next());
            // Skip long ones: they take long and only repeat short ones.
            corpus.extend(values.filter(|value| value.len() < 4_000).map(from_hex));
        }
    }
    assert!(corpus.len() > 100, "{} files and vectors", corpus.len());
    corpus
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    files
}

fn from_hex(digits: &str) -> Vec<u8> {
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    let digit = |&digit: &u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    pairs.iter().map(|[high, low]| digit(high).unwrap() << 4 | digit(low).unwrap()).collect()
}

/// Rows, ids to ask about, and all answers as text.
fn answers(frames: &mut Frames, random: &mut Random) {
    let (rows, tree) = loop {
        let rows = rows(random);
        if let Ok(built) = build(&rows) {
            break (rows, built.structure);
        }
    };
    let mut asked = vec![None, Some(String::new()), Some("unknown".to_owned()), Some("0".to_owned())];
    for _ in 0..8 {
        if !rows.is_empty() {
            asked.push(Some(random.pick(&rows).id.clone()));
        }
    }
    frames.rows(&rows);
    frames.number(asked.len().try_into().unwrap());
    for id in &asked {
        frames.text(id.as_deref());
    }
    frames.text(Some(&transcript::write(&tree, &asked)));
}
