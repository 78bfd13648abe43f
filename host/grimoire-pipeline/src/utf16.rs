//! Logs in UTF-16, which Windows PowerShell writes when output is redirected to a file.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::stream;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;

/// The same text in UTF-8. Content without the byte-order mark of UTF-16 stays as it is.
pub(crate) async fn as_utf8(content: ByteStream) -> Result<ByteStream, PortError> {
    // It may end while its beginning is read, and is asked once more below.
    let mut content = content.fuse();
    let mut first = BytesMut::new();
    while first.len() < 2 {
        let Some(chunk) = content.next().await else { break };
        first.extend_from_slice(&chunk?);
    }
    let unit: fn([u8; 2]) -> u16 = match first[..] {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Ok(stream::iter([Ok(first.freeze())]).chain(content).boxed()),
    };
    let mut decoder = Decoder { unit, rest: Vec::new() };
    let start = decoder.decode(&first[2..]);
    let rest = content.map(move |chunk| Ok(decoder.decode(&chunk?)));
    Ok(stream::iter([Ok(start)]).chain(rest).boxed())
}

struct Decoder {
    /// Makes a unit from two bytes, in the order of the text.
    unit: fn([u8; 2]) -> u16,
    /// The beginning of a character whose end is in the next chunk.
    rest: Vec<u8>,
}

impl Decoder {
    fn decode(&mut self, chunk: &[u8]) -> Bytes {
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(chunk);
        let (pairs, odd) = bytes.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|pair| (self.unit)(*pair)).collect();
        let is_half = units.last().is_some_and(|last| (0xd800..0xdc00).contains(last));
        if is_half {
            units.pop();
        }
        let kept = odd.len() + if is_half { 2 } else { 0 };
        self.rest = bytes[bytes.len() - kept..].to_vec();
        String::from_utf16_lossy(&units).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(chunks: Vec<Vec<u8>>) -> String {
        let content = stream::iter(chunks.into_iter().map(|chunk| Ok(chunk.into()))).boxed();
        let decoded: Vec<_> = as_utf8(content).await.expect("it is readable").collect().await;
        let bytes: Vec<u8> = decoded.into_iter().flat_map(|chunk| chunk.expect("a chunk")).collect();
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[tokio::test]
    async fn both_orders_are_read_wherever_the_chunks_end() {
        let text = "error: \u{1f600} caf\u{e9}\r\n";
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(order).collect();
            for end in 0..=bytes.len() {
                let (one, other) = bytes.split_at(end);
                assert_eq!(read(vec![one.into(), other.into()]).await, text, "{end}");
            }
        }
    }

    #[tokio::test]
    async fn anything_else_stays_as_it_is() {
        for text in ["", "e", "error", "\u{feff}error"] {
            assert_eq!(read(vec![text.into()]).await, text);
        }
    }
}
