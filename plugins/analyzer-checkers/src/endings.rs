//! Approximately which file name extensions occur in a line: enough to rule out most forms that are restricted to some
//! files, with one pass over the line for all of them.

use grimoire_plugin_sdk::text::Needle;

/// A set of extensions, by their first two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endings(u64);

impl Endings {
    /// The extensions that a line may have.
    pub(crate) fn of(line: &str) -> Self {
        static DOT: Needle = Needle::new(".");
        let bytes = line.as_bytes();
        Self(DOT.find_all(line).fold(0, |set, at| match bytes[at + 1..] {
            [] => set,
            [first] => set | bit(first, None),
            [first, second, ..] => set | bit(first, None) | bit(first, Some(second)),
        }))
    }

    /// A restriction to extensions; `None` if it admits files without one.
    pub(crate) const fn of_extensions(extensions: &[&str]) -> Option<Self> {
        let (mut set, mut at) = (0, 0);
        while at < extensions.len() {
            set |= match *extensions[at].as_bytes() {
                [] => return None,
                [first] => bit(first, None),
                [first, second, ..] => bit(first, Some(second)),
            };
            at += 1;
        }
        Some(Self(set))
    }

    /// Returns false if no extension is in both sets.
    pub(crate) const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

const fn bit(first: u8, second: Option<u8>) -> u64 {
    let second = match second {
        Some(second) => second.to_ascii_lowercase(),
        None => 0,
    };
    1 << ((first.to_ascii_lowercase() as usize * 31 + second as usize * 7) % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_file_meets_the_extensions_of_the_file() {
        for (line, extensions) in [
            ("src/lid.py:3: no lid", &["pyi", "py"][..]),
            ("SRC/LID.PY: no lid", &["py"]),
            ("lid.c+7 no lid", &["c"]),
            ("lid.cpp", &["c", "cpp"]),
            ("see lid.h. lid.sql", &["sql"]),
        ] {
            let own = Endings::of_extensions(extensions).expect("all are extensions");
            assert!(own.meet(Endings::of(line)), "{line}");
        }
        assert!(!Endings::of_extensions(&["sql"]).expect("an extension").meet(Endings::of("lid.py: no lid")));
        assert!(!Endings::of_extensions(&["sql"]).expect("an extension").meet(Endings::of("no file.")));
        assert_eq!(Endings::of_extensions(&["sql", ""]), None);
    }
}
