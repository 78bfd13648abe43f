#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use rawzip::ZipArchiveWriter;
use rawzip::path::EntryPath;

use super::*;

/// Packs these files into an archive.
fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, content) in files {
        let file = archive.new_file(EntryPath::verbatim(name.as_bytes()));
        let (mut entry, config) = file.compression_method(CompressionMethod::DEFLATE).start().unwrap();
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(content).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

/// Bounds that small archives reach.
const NARROW: Bounds = Bounds { file: 10_000, unpacked: 35_000, files: 10, ratio: 200, small: 1_000 };

/// The files of an archive that can be read, and its gaps.
fn read(archive: Vec<u8>) -> (Vec<ArchivedFile>, Vec<String>) {
    let mut archive = Archive::open_within(NARROW, archive.into(), |name| name.contains(".xml")).unwrap();
    let files = std::iter::from_fn(|| archive.next_file()).collect();
    (files, archive.into_gaps())
}

fn names(files: &[ArchivedFile]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

/// Incompressible bytes.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| byte()).collect()
}

#[test]
fn wanted_files_are_read_wherever_they_say_they_belong() {
    let (files, gaps) = read(packed(&[
        ("target/TEST-a.xml", b"<testsuite/>"),
        ("app.jar", b"not wanted"),
        ("../../etc/passwd.xml", b"a name is only a name"),
    ]));
    assert_eq!(names(&files), ["target/TEST-a.xml", "../../etc/passwd.xml"]);
    assert_eq!(files[0].content, "<testsuite/>");
    assert_eq!(gaps, [] as [String; 0]);
}

#[test]
fn a_bomb_is_not_unpacked_and_the_others_are_read() {
    let bomb = [b' '; 9_999];
    let (files, gaps) = read(packed(&[("bomb.xml", &bomb), ("honest.xml", b"<testsuite/>")]));
    assert_eq!(names(&files), ["honest.xml"]);
    assert_eq!(gaps, ["bomb.xml could not be read: it has more than 200 times its packed size"]);
}

#[test]
fn of_a_huge_file_the_beginning_is_read() {
    let huge = noise(10_005);
    let (files, gaps) = read(packed(&[("huge.xml", &huge)]));
    assert_eq!(files[0].content, huge[..10_000]);
    assert_eq!(gaps, ["of huge.xml only the first 10000 bytes were read"]);
}

#[test]
fn no_more_than_the_whole_bound_is_unpacked() {
    let content = noise(9_000);
    let names = ["1.xml", "2.xml", "3.xml", "4.xml", "5.xml"];
    let (files, gaps) = read(packed(&names.map(|name| (name, content.as_slice()))));
    let sizes: Vec<usize> = files.iter().map(|file| file.content.len()).collect();
    assert_eq!(sizes, [9_000, 9_000, 9_000, 8_000]);
    assert_eq!(
        gaps,
        [
            "of 4.xml only the first 8000 bytes were read",
            "the rest was not read: the files before it have 35000 bytes"
        ]
    );
}

#[test]
fn only_so_many_files_are_read() {
    let names: Vec<String> = (0..13).map(|number| format!("{number}.xml")).collect();
    let listed: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let (files, gaps) = read(packed(&listed));
    assert_eq!(files.len(), 10);
    assert_eq!(gaps, ["3 further files were not read"]);
}

#[test]
fn a_damaged_file_is_told_and_the_others_are_read() {
    let mut archive = packed(&[("damaged.xml", &noise(100)), ("whole.xml", b"<testsuite/>")]);
    let place = archive.windows(11).position(|bytes| bytes == b"damaged.xml").unwrap();
    archive[place + 40] ^= 0xff;
    let (files, gaps) = read(archive);
    assert_eq!(names(&files), ["whole.xml"]);
    assert!(gaps[0].starts_with("damaged.xml could not be read: it is damaged: "), "{gaps:?}");
}

#[test]
fn an_encrypted_file_is_told() {
    let mut archive = packed(&[("secret.xml", b"<testsuite/>")]);
    for (signature, flags) in [(&b"PK\x03\x04"[..], 6), (&b"PK\x01\x02"[..], 8)] {
        let place = archive.windows(4).position(|bytes| bytes == signature).unwrap();
        archive[place + flags] |= 1;
    }
    assert_eq!(read(archive), (Vec::new(), vec!["secret.xml could not be read: it is encrypted".to_owned()]));
}

#[test]
fn what_is_no_archive_is_invalid() {
    for content in [&b""[..], b"<html>not found</html>", &packed(&[("a.xml", b"x")])[..30]] {
        let error = Archive::open(Bytes::copy_from_slice(content), |_| true).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().starts_with("it is no zip archive, or a damaged one"), "{error}");
    }
}

#[test]
fn few_of_many_unreadable_files_are_named() {
    let bomb = [b' '; 9_000];
    let files: Vec<String> = (0..5).map(|number| format!("{number}.xml")).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|name| (name.as_str(), &bomb[..])).collect();
    let (_, gaps) = read(packed(&files));
    assert_eq!(gaps.len(), TOLD + 1);
    assert_eq!(gaps[TOLD], "2 further files could not be read");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_give_more_than_the_bound(
        place in 0_usize..400,
        bytes in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let mut archive = packed(&[("one.xml", b"<testsuite/>"), ("two/two.xml", &[b'x'; 500])]);
        let place = place % archive.len();
        let end = archive.len().min(place + bytes.len());
        archive[place..end].copy_from_slice(&bytes[..end - place]);
        if let Ok(mut archive) = Archive::open_within(NARROW, archive.into(), |_| true) {
            let unpacked: usize = std::iter::from_fn(|| archive.next_file()).map(|file| file.content.len()).sum();
            prop_assert!(unpacked as u64 <= NARROW.unpacked);
        }
    }
}
