//! Checks eight bytes at a time as one number, which is as fast in a sandbox as outside.

/// The byte repeated in every position of a word.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

const HIGH: u64 = each(0x80);

/// Returns true if all eight bytes are printable ASCII or tabs.
pub(super) fn are_printable(bytes: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(bytes);
    // Without the highest bits, no addition overflows into the next byte.
    let low = word & !HIGH;
    let from_blank = low + each(0x80 - b' ');
    let is_delete = low + each(1);
    let is_no_tab = (low ^ each(b'\t')) + each(0x7f);
    (from_blank | !is_no_tab) & !is_delete & !word & HIGH == HIGH
}

/// Eight bytes of a fixed shape, in which `0` stands for any digit.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    at: usize,
    word: u64,
    /// All bits of the bytes that are digits.
    digits: u64,
}

impl Shape {
    /// The eight bytes of `shape` at offset `at`.
    pub(super) const fn at(shape: &[u8], at: usize) -> Self {
        let (mut word, mut digits) = ([0; 8], [0; 8]);
        let mut place = 0;
        while place < 8 {
            word[place] = shape[at + place];
            digits[place] = if word[place] == b'0' { 0xff } else { 0 };
            place += 1;
        }
        Self { at, word: u64::from_le_bytes(word), digits: u64::from_le_bytes(digits) }
    }

    /// Returns true if `bytes` has the shape at the same offset.
    pub(super) fn fits(self, bytes: &[u8]) -> bool {
        let Some(word) = bytes.get(self.at..).and_then(|bytes| bytes.first_chunk()) else { return false };
        // A digit differs from `0` by at most 9; no other byte may differ.
        let difference = u64::from_le_bytes(*word) ^ self.word;
        let too_much = (difference & self.digits & !HIGH) + each(0x80 - 10);
        (difference & !self.digits | (difference | too_much) & HIGH) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut bytes = *b"a\t ~0Z-_";
                bytes[place] = byte;
                let expected = byte == b'\t' || (0x20..0x7f).contains(&byte);
                assert_eq!(are_printable(bytes), expected, "{byte} at {place}");
                let mut date = *b"20-1T3:9";
                date[place] = byte;
                let same = byte == b"20-1T3:9"[place];
                let expected = same || byte.is_ascii_digit() && b"00-0T0:0"[place] == b'0';
                assert_eq!(Shape::at(b"00-0T0:0", 0).fits(&date), expected, "{byte} at {place}");
            }
        }
    }
}
