//! Reads and decompresses bodies, within a size limit for the compressed and the decompressed bytes.

use std::io::{self, Write};

use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::Fault;

/// The accepted encodings. Odoo itself ignores the header, but a proxy in front may use it.
pub(crate) const ACCEPT_ENCODING: &str = "gzip, zstd";

/// A buffer that rejects writes beyond its limit.
struct BoundedBuffer {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for BoundedBuffer {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if piece.len() > self.limit.saturating_sub(self.bytes.len()) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A streaming decompressor. A decompression bomb is rejected as soon as it exceeds the limit.
enum Decoder {
    Plain(BoundedBuffer),
    Gzip(flate2::write::MultiGzDecoder<BoundedBuffer>),
    Zstd(zstd::stream::write::Decoder<'static, BoundedBuffer>),
}

impl Decoder {
    /// Maximum window of a zstd body: 8 MiB, which all decoders must support.
    const ZSTD_WINDOW_LOG: u32 = 23;

    fn new(encoding: &str, limit: usize) -> Result<Self, Fault> {
        let bounded = BoundedBuffer { bytes: Vec::new(), limit };
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Decoder::Plain(bounded)),
            "gzip" | "x-gzip" => Ok(Decoder::Gzip(flate2::write::MultiGzDecoder::new(bounded))),
            "zstd" => {
                let mut decoder = zstd::stream::write::Decoder::new(bounded).map_err(|_| Fault::Malformed)?;
                decoder.window_log_max(Self::ZSTD_WINDOW_LOG).map_err(|_| Fault::Malformed)?;
                Ok(Decoder::Zstd(decoder))
            }
            _ => Err(Fault::Malformed),
        }
    }

    fn push(&mut self, piece: &[u8], limit: usize) -> Result<(), Fault> {
        let pushed = match self {
            Decoder::Plain(writer) => writer.write_all(piece),
            Decoder::Gzip(writer) => writer.write_all(piece),
            Decoder::Zstd(writer) => writer.write_all(piece),
        };
        pushed.map_err(|error| fault(&error, limit))
    }

    fn finish(self, limit: usize) -> Result<Vec<u8>, Fault> {
        let bounded = match self {
            Decoder::Plain(bounded) => bounded,
            Decoder::Gzip(decoder) => decoder.finish().map_err(|error| fault(&error, limit))?,
            Decoder::Zstd(mut decoder) => {
                decoder.flush().map_err(|error| fault(&error, limit))?;
                decoder.into_inner()
            }
        };
        Ok(bounded.bytes)
    }
}

fn fault(error: &io::Error, limit: usize) -> Fault {
    match error.kind() {
        io::ErrorKind::FileTooLarge => Fault::TooLarge { limit },
        _ => Fault::Malformed,
    }
}

/// A decompressed body, and its number of bytes on the wire.
pub(crate) struct CompleteBody {
    pub(crate) bytes: Vec<u8>,
    pub(crate) received: u64,
}

/// Reads a whole body.
pub(crate) async fn collect(mut body: Incoming, encoding: &str, limit: usize) -> Result<CompleteBody, Fault> {
    let mut decoder = Decoder::new(encoding, limit)?;
    let mut received = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Fault::Broken)?;
        if let Some(piece) = frame.data_ref() {
            received = received.saturating_add(piece.len());
            if received > limit {
                return Err(Fault::TooLarge { limit });
            }
            decoder.push(piece, limit)?;
        }
    }
    let bytes = decoder.finish(limit)?;
    Ok(CompleteBody { bytes, received: u64::try_from(received).unwrap_or(u64::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(encoding: &str, packed: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
        let mut decoder = Decoder::new(encoding, limit)?;
        for piece in packed.chunks(7) {
            decoder.push(piece, limit)?;
        }
        decoder.finish(limit)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn all_encodings_are_decompressed_within_the_limit() {
        let text = "{\"name\": \"é\"}".repeat(500).into_bytes();
        let zstd = zstd::bulk::compress(&text, 3).unwrap();
        for (encoding, packed) in [("", text.clone()), ("GZIP", gzip(&text)), ("zstd", zstd)] {
            assert_eq!(unpack(encoding, &packed, text.len()).unwrap(), text, "{encoding}");
            let limit = text.len() - 1;
            assert_eq!(unpack(encoding, &packed, limit), Err(Fault::TooLarge { limit }), "{encoding}");
        }
    }

    #[test]
    fn a_decompression_bomb_is_rejected_at_the_limit() {
        let bomb = vec![b' '; 20 << 20];
        let limit = 64 << 10;
        for (encoding, packed) in [("gzip", gzip(&bomb)), ("zstd", zstd::bulk::compress(&bomb, 3).unwrap())] {
            assert!(packed.len() < limit, "{encoding} is no bomb");
            assert_eq!(unpack(encoding, &packed, limit), Err(Fault::TooLarge { limit }), "{encoding}");
        }
    }

    #[test]
    fn invalid_compressed_data_is_malformed() {
        let cut = gzip(b"some text that is cut");
        assert_eq!(unpack("gzip", &cut[..cut.len() - 4], 100), Err(Fault::Malformed));
        assert_eq!(unpack("gzip", b"no gzip at all", 100), Err(Fault::Malformed));
        assert_eq!(unpack("zstd", b"no zstd at all", 100), Err(Fault::Malformed));
        assert_eq!(unpack("br", b"", 100), Err(Fault::Malformed));
    }
}
