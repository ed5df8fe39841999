//! The input of the Java tests: numbers, texts and bytes in the format of `DataInputStream`.

use std::io::{self, BufWriter, StdoutLock, Write};

use crate::random::Row;

/// The length of a null text.
const NULL: u32 = u32::MAX;

pub(crate) struct Frames(BufWriter<StdoutLock<'static>>);

impl Frames {
    pub(crate) fn new() -> Self {
        Frames(BufWriter::new(io::stdout().lock()))
    }

    pub(crate) fn number(&mut self, number: u32) {
        // A failed test has closed its end and no longer reads the rest.
        if self.0.write_all(&number.to_be_bytes()).is_err() {
            std::process::exit(0);
        }
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.number(flag.into());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len().try_into().unwrap());
        if self.0.write_all(bytes).is_err() {
            std::process::exit(0);
        }
    }

    pub(crate) fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.bytes(text.as_bytes()),
            None => self.number(NULL),
        }
    }

    pub(crate) fn rows(&mut self, rows: &[Row]) {
        self.number(rows.len().try_into().unwrap());
        for row in rows {
            self.text(Some(&row.id));
            self.text(row.parent.as_deref());
            self.number(row.flags.bits().into());
            self.text(row.time_zone.as_deref());
            self.text(row.calendar.as_deref());
        }
    }

    /// Either a tree or why there is none.
    pub(crate) fn verdict(&mut self, verdict: &Result<(), String>) {
        match verdict {
            Ok(()) => self.number(1),
            Err(reason) => {
                self.number(0);
                self.text(Some(reason));
            }
        }
    }

    pub(crate) fn flush(&mut self) {
        let _ = self.0.flush();
    }
}
