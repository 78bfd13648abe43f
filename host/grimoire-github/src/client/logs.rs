//! Job logs as streams; of long logs, the beginning and the end.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;

use super::config::Caps;
use super::storage::Storage;
use super::transport::Transport;

type Chunk = Result<Bytes, PortError>;

/// The log of a job.
pub(super) async fn job_log(
    transport: &Transport,
    storage: &Storage,
    repository: &RepositoryName,
    job: u64,
) -> Result<ByteStream, PortError> {
    let url = transport.api.repository(repository, &["actions", "jobs", &job.to_string(), "logs"]);
    let log = storage.fetch(transport, &url, &format!("the log of job {job} of {repository}")).await?;
    Ok(bounded(log, transport.caps))
}

/// Streams the first `log_head` bytes and the last `log_tail` bytes; if anything lies in between, a line
/// states how much was left out. Holds at most `log_tail` bytes and one chunk. A log that does not end within
/// `log_read` bytes is treated as if it ended there, and a line says so.
fn bounded(log: ByteStream, caps: Caps) -> ByteStream {
    let state = Bounded {
        log: Some(log),
        head: caps.log_head,
        limit: caps.log_tail,
        left: caps.log_read,
        is_cut: false,
        tail: VecDeque::new(),
        dropped: 0,
    };
    stream::unfold(state, |mut state| async move {
        let chunk = state.next().await?;
        Some((chunk, state))
    })
    .boxed()
}

struct Bounded {
    /// `None` once the stream has ended.
    log: Option<ByteStream>,
    /// Number of bytes of the beginning still to be passed on.
    head: u64,
    limit: usize,
    /// Number of bytes still to be read.
    left: u64,
    is_cut: bool,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Bounded {
    async fn next(&mut self) -> Option<Chunk> {
        loop {
            match self.log.as_mut()?.next().await {
                Some(Ok(mut chunk)) => {
                    let readable = usize::try_from(self.left).unwrap_or(usize::MAX);
                    if chunk.len() > readable {
                        chunk.truncate(readable);
                        // Closes the connection.
                        self.log = Some(stream::empty().boxed());
                        self.is_cut = true;
                    }
                    self.left -= chunk.len() as u64;
                    let passed = usize::try_from(self.head).unwrap_or(usize::MAX).min(chunk.len());
                    let beginning = chunk.split_to(passed);
                    self.head -= passed as u64;
                    self.hold(&chunk);
                    if !beginning.is_empty() {
                        return Some(Ok(beginning));
                    }
                }
                Some(Err(error)) => {
                    self.log = None;
                    return Some(Err(error));
                }
                None => {
                    self.log = None;
                    return self.end().map(Ok);
                }
            }
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        // Only the end of a large chunk can be kept.
        let useless = bytes.len().saturating_sub(self.limit);
        let excess = (self.tail.len() + bytes.len() - useless).saturating_sub(self.limit);
        self.tail.drain(..excess);
        self.tail.extend(&bytes[useless..]);
        self.dropped += (useless + excess) as u64;
    }

    fn end(&mut self) -> Option<Bytes> {
        let mut tail = Vec::from(std::mem::take(&mut self.tail));
        if self.dropped > 0 {
            // The tail begins with a whole line, unless it is a single line.
            if let Some(newline) = first_newline(&tail) {
                tail.drain(..=newline);
                self.dropped += newline as u64 + 1;
            }
            let note = format!("\n[grimoire left out {} bytes of this log here]\n", self.dropped);
            tail.splice(..0, note.into_bytes());
        }
        if self.is_cut {
            tail.extend_from_slice(b"\n[grimoire read no further: this log goes on]\n");
        }
        (!tail.is_empty()).then(|| Bytes::from(tail))
    }
}

fn first_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use grimoire_domain::kind::ErrorKind;
    use proptest::prelude::*;

    use super::*;

    fn collect(log: ByteStream) -> Vec<Chunk> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(log.collect())
    }

    fn caps(log_head: u64, log_tail: usize) -> Caps {
        Caps { log_head, log_tail, ..Caps::default() }
    }

    fn read(chunks: Vec<Vec<u8>>, head: u64, tail: usize) -> Vec<u8> {
        let log = stream::iter(chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk)))).boxed();
        collect(bounded(log, caps(head, tail)))
            .into_iter()
            .flat_map(|chunk| chunk.unwrap().to_vec())
            .collect()
    }

    #[test]
    fn the_middle_of_a_long_log_is_left_out() {
        let lines = (0..1000).fold(String::new(), |lines, number| lines + &format!("line {number:03}\n"));
        let chunks = lines.as_bytes().chunks(7).map(<[u8]>::to_vec).collect();
        let text = String::from_utf8(read(chunks, 20, 30)).unwrap();
        assert_eq!(
            text,
            "line 000\nline 001\nli\n[grimoire left out 8953 bytes of this log here]\n\
             line 997\nline 998\nline 999\n"
        );
    }

    #[test]
    fn an_error_ends_the_log() {
        let broken = || Err(PortError::new(ErrorKind::Unavailable, "broken"));
        let log = stream::iter([Ok(Bytes::from_static(b"abc")), broken(), Ok(Bytes::from_static(b"x"))]);
        let chunks = collect(bounded(log.boxed(), caps(2, 10)));
        assert_eq!(chunks.len(), 2);
        assert_eq!(chunks[0].as_ref().unwrap(), "ab");
        assert!(chunks[1].is_err());
    }

    #[test]
    fn a_log_that_never_ends_is_left() {
        for (head, tail) in [(20, 30), (1_000, 30), (20, 1_000), (0, 0)] {
            let log = stream::repeat_with(|| Ok(Bytes::from_static(b"again\n"))).boxed();
            let chunks = collect(bounded(log, Caps { log_read: 1_000, ..caps(head, tail) }));
            let text: Vec<u8> = chunks.into_iter().flat_map(|chunk| chunk.unwrap()).collect();
            let text = String::from_utf8(text).unwrap();
            assert!(text.ends_with("\n[grimoire read no further: this log goes on]\n"), "{text}");
            assert_eq!(text.contains("left out"), head < 1_000 && tail < 1_000, "{text}");
            assert!(text.len() <= 1_100, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_log_within_the_bounds_is_whole_and_others_keep_both_ends(
            chunks in proptest::collection::vec(proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..20), 0..20),
            head in 0_u64..100,
            tail in 0_usize..100,
        ) {
            let whole: Vec<u8> = chunks.concat();
            let kept = read(chunks, head, tail);
            let first = usize::try_from(head).unwrap();
            if whole.len() <= first + tail {
                prop_assert_eq!(kept, whole);
            } else {
                prop_assert!(kept.starts_with(&whole[..first]));
                let note = b" bytes of this log here]\n";
                let at = first + kept[first..].windows(note.len()).position(|window| window == note).unwrap();
                let end = &kept[at + note.len()..];
                prop_assert!(whole.ends_with(end) && end.len() <= tail);
                let said = String::from_utf8_lossy(&kept[first..at]);
                let left_out: usize = said.rsplit(' ').next().unwrap().parse().unwrap();
                prop_assert_eq!(first + left_out + end.len(), whole.len());
            }
        }
    }
}
