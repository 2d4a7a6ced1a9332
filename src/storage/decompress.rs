//! Compressed or not: told by the first bytes, never by a name or a media type, which registries get wrong.

use super::StorageError;
use crate::model::BlobCompression;
use std::io::{self, BufRead, Read};
use std::sync::{Condvar, Mutex, PoisonError};

/// zstd frames may ask for windows of gigabytes; more than 128 MiB is refused.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
/// What every level of zstd makes without `--long` is below: 8 MiB. Of streams that want more one is read at a time.
const ZSTD_WINDOW_LOG_COMMON: u32 = 23;
/// The same for xz, in KiB; its highest level needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 128 << 10;

/// As long as the head of a zstd frame can be.
const START: usize = 18;

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Compression {
    /// The same as manifests name it; nothing for those that no manifest may name.
    #[must_use]
    pub fn of_blob(self) -> Option<BlobCompression> {
        match self {
            Self::None => Some(BlobCompression::None),
            Self::Gzip => Some(BlobCompression::Gzip),
            Self::Zstd => Some(BlobCompression::Zstd),
            Self::Bzip2 | Self::Xz => None,
        }
    }
}

/// Tells the compression from the first bytes of a stream.
#[must_use]
pub fn sniff(start: &[u8]) -> Compression {
    match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        // A frame, or a skippable frame in front of one.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
        // A block, or the end where there is nothing in it.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => Compression::Bzip2,
        _ => Compression::None,
    }
}

/// Returns how a stream is compressed, and a reader of the uncompressed bytes; members, frames and streams that follow one another are
/// one.
///
/// # Errors
/// The stream cannot be read.
pub fn decompress<'a, R: BufRead + 'a>(mut source: R) -> Result<(Compression, Box<dyn Read + 'a>), StorageError> {
    let fail = |source| StorageError::Read { what: "the start of a compressed stream".to_owned(), source };
    let start = Start::peek(&mut source).map_err(fail)?;
    let compression = sniff(start.bytes());
    let plain: Box<dyn Read + 'a> = match compression {
        Compression::None => Box::new(start.chain(source)),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(start.chain(source))),
        Compression::Zstd => {
            let is_common = zstd_window(start.bytes()).is_some_and(|window| window <= 1 << ZSTD_WINDOW_LOG_COMMON);
            let turn = (!is_common).then(Turn::take);
            let mut decoder = zstd::stream::read::Decoder::with_buffer(start.chain(source)).map_err(fail)?;
            let most = if is_common { ZSTD_WINDOW_LOG_COMMON } else { ZSTD_WINDOW_LOG_MAX };
            decoder.window_log_max(most).map_err(fail)?;
            Box::new(Turned { decoder, _turn: turn })
        }
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(start.chain(source))),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(start.chain(source), true, XZ_MEMORY_KIB)),
    };
    Ok((compression, plain))
}

/// The window that the first frame wants, in bytes; nothing where the start does not say (RFC 8878, 3.1.1.1). Later frames are made
/// with the same settings: one that wants more is refused by the decoder.
fn zstd_window(start: &[u8]) -> Option<u64> {
    let [0x28, 0xb5, 0x2f, 0xfd, descriptor, rest @ ..] = start else { return None };
    let is_single_segment = descriptor & 0x20 != 0;
    if !is_single_segment {
        let window = rest.first()?;
        let base = 1_u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    // The window is the content; its size follows the number of the dictionary.
    let rest = rest.get([0, 1, 2, 4][usize::from(descriptor & 3)]..)?;
    let size =
        |len: usize| -> Option<u64> { Some(rest.get(..len)?.iter().rev().fold(0, |size, byte| size << 8 | u64::from(*byte))) };
    match descriptor >> 6 {
        0 => size(1),
        1 => Some(size(2)? + 256),
        2 => size(4),
        _ => size(8),
    }
}

/// Held while a stream with a large window is read: several at once would have no bound in memory.
struct Turn;

static TURN: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

impl Turn {
    fn take() -> Self {
        let free = TURN.0.lock().unwrap_or_else(PoisonError::into_inner);
        *TURN.1.wait_while(free, |is_taken| *is_taken).unwrap_or_else(PoisonError::into_inner) = true;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TURN.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        TURN.1.notify_one();
    }
}

/// The decoder goes before its turn ends.
struct Turned<D> {
    decoder: D,
    _turn: Option<Turn>,
}

impl<D: Read> Read for Turned<D> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buf)
    }
}

/// The first bytes of a stream, which a short first read must not hide.
struct Start {
    bytes: [u8; START],
    len: usize,
}

impl Start {
    fn peek<R: Read>(source: &mut R) -> io::Result<Self> {
        let mut start = Self { bytes: [0; START], len: 0 };
        while start.len < start.bytes.len() {
            match source.read(&mut start.bytes[start.len..]) {
                Ok(0) => break,
                Ok(count) => start.len += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(start)
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn chain<R: BufRead>(self, rest: R) -> io::Chain<io::Take<io::Cursor<[u8; START]>>, R> {
        io::Cursor::new(self.bytes).take(self.len as u64).chain(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn read_all(data: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decompress(data).unwrap().1.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn members_and_frames_in_a_row_are_one_stream() {
        assert_eq!(read_all(&[gzip(b"one "), gzip(b"two")].concat()).unwrap(), b"one two");
        let zstd = |data: &[u8]| zstd::stream::encode_all(data, 1).unwrap();
        assert_eq!(read_all(&[zstd(b"one "), zstd(b"two")].concat()).unwrap(), b"one two");
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9][..], &zstd(b"three")].concat();
        assert_eq!(read_all(&skippable).unwrap(), b"three");
        assert_eq!(read_all(b"plain").unwrap(), b"plain");
        assert_eq!(read_all(b"").unwrap(), b"");
    }

    #[test]
    fn a_short_first_read_hides_no_compression() {
        let whole = gzip(b"text");
        let (compression, mut plain) = decompress(whole[..1].chain(&whole[1..])).unwrap();
        let mut text = String::new();
        plain.read_to_string(&mut text).unwrap();
        assert_eq!((compression, &text[..]), (Compression::Gzip, "text"));
    }

    #[test]
    fn a_cut_stream_is_an_error() {
        let whole = gzip(&[7; 5000]);
        assert_eq!(read_all(&whole[..whole.len() - 1]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let whole = zstd::stream::encode_all(&[7; 5000][..], 1).unwrap();
        assert!(read_all(&whole[..whole.len() - 1]).is_err());
    }

    #[test]
    fn a_huge_zstd_window_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(28).unwrap();
        encoder.write_all(b"x").unwrap();
        let data = encoder.finish().unwrap();
        assert!(read_all(&data).is_err());
    }

    #[test]
    fn the_window_is_read_from_the_first_frame() {
        let mib = vec![7; 1 << 20];
        let with = |log: Option<u32>, known: bool| {
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
            log.map_or(Ok(()), |log| encoder.window_log(log)).unwrap();
            if known {
                encoder.include_contentsize(true).unwrap();
                encoder.set_pledged_src_size(Some(mib.len() as u64)).unwrap();
            }
            encoder.write_all(&mib).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(zstd_window(&with(Some(27), false)), Some(128 << 20));
        assert_eq!(zstd_window(&with(Some(20), false)), Some(1 << 20));
        // The whole content is the window, where that is smaller.
        assert_eq!(zstd_window(&with(Some(27), true)), Some(1 << 20));
        assert_eq!(zstd_window(&zstd::bulk::compress(b"x", 1).unwrap()), Some(1));
        assert_eq!(zstd_window(&zstd::bulk::compress(&[7; 300], 1).unwrap()), Some(300));
        assert_eq!(zstd_window(&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]), None);
        assert_eq!(zstd_window(&[0x28, 0xb5, 0x2f, 0xfd]), None);
    }

    #[test]
    fn large_windows_take_turns() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(b"large").unwrap();
        let large = encoder.finish().unwrap();
        let (_, first) = decompress(&large[..]).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| read_all(&large).unwrap());
            // One of a common size waits for nobody.
            assert_eq!(read_all(&zstd::stream::encode_all(&b"small"[..], 1).unwrap()).unwrap(), b"small");
            assert!(!second.is_finished());
            drop(first);
            assert_eq!(second.join().unwrap(), b"large");
        });
    }

    #[test]
    fn what_other_programs_compress_is_read() {
        for program in ["bzip2", "xz"] {
            let pack = |data: &str| -> Vec<u8> {
                let run = format!("printf '%s' '{data}' | {program} -c");
                let output = std::process::Command::new("sh").args(["-c", &run]).output().unwrap();
                assert!(output.status.success(), "{program}");
                output.stdout
            };
            assert_eq!(read_all(&[pack("one "), pack("two")].concat()).unwrap(), b"one two", "{program}");
            let empty = pack("");
            assert_eq!(read_all(&empty).unwrap(), b"", "{program}");
            let whole = pack(&"cut".repeat(500));
            assert!(read_all(&whole[..whole.len() - 1]).is_err(), "{program}");
        }
    }
}
