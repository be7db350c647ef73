//! Tests of malicious zips and folders and of random bytes: they are refused, and nothing panics.

mod files;

use std::fs;
use std::io::Write;

use files::Files;
use parlour_roster::{limits, read};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

#[test]
fn zip_gives_the_same_roster_as_its_folder() {
    let files = Files::oneroster_11();
    for prefix in ["", "roster/", "Röster 2026/"] {
        let (_folder, zip) = files.zip(prefix);
        assert_eq!(read(&zip, None).unwrap(), files.roster(), "{prefix:?}");
    }
}

#[test]
fn zip_with_path_traversal_is_refused() {
    for name in [
        "../evil.csv",
        "/etc/evil.csv",
        "a/../../evil.csv",
        "..\\evil.csv",
        "C:\\evil.csv",
        "C:/evil.csv",
        "a//evil.csv",
        "./evil.csv",
    ] {
        let (_folder, zip) = Files::oneroster_11().with(name, "x").zip("");
        assert_eq!(read(&zip, None).unwrap_err().code(), "unsafe_path", "{name}");
    }
}

#[test]
fn zip_with_ambiguous_file_is_refused() {
    for name in ["sub/users.csv", "USERS.csv"] {
        let (_folder, zip) = Files::oneroster_11().with(name, "x").zip("");
        assert_eq!(read(&zip, None).unwrap_err().code(), "ambiguous_file", "{name}");
    }
    let mac = Files::oneroster_11().with("__MACOSX/._users.csv", "x").with("notes.txt", "x");
    let (_folder, zip) = mac.zip("");
    assert!(read(&zip, None).is_ok());
}

#[test]
fn symlink_in_zip_or_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("link.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    zip.add_symlink("users.csv", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    assert_eq!(read(&path, None).unwrap_err().code(), "unsafe_path");
    let real = Files::oneroster_11().without("users.csv").write();
    std::os::unix::fs::symlink("/etc/passwd", real.path().join("users.csv")).unwrap();
    assert_eq!(read(real.path(), None).unwrap_err().code(), "unsafe_path");
}

#[test]
fn zip_bomb_is_refused() {
    let (_folder, zip) = Files::oneroster_11().with("users.csv", vec![b'a'; 40_000_000]).zip("");
    assert!(fs::metadata(&zip).unwrap().len() < 100_000);
    assert_eq!(read(&zip, None).unwrap_err().code(), "zip_bomb");
}

#[test]
fn zip_bomb_with_forged_size_is_refused() {
    let (_folder, path) = Files::oneroster_11().with("users.csv", vec![b'a'; 40_000_000]).zip("");
    let mut bytes = fs::read(&path).unwrap();
    let size = 40_000_000_u32.to_le_bytes();
    let places: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, w)| *w == size).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
    }
    fs::write(&path, bytes).unwrap();
    assert_eq!(read(&path, None).unwrap_err().code(), "unreadable");
}

#[test]
fn row_file_and_column_limits_are_enforced() {
    let rows = Files::oneroster_11()
        .and("enrollments.csv", "\n".repeat(usize::try_from(limits::MAX_ROWS).unwrap()));
    assert_eq!(rows.read().unwrap_err().code(), "too_large");
    let columns = Files::oneroster_11().replace(
        "users.csv",
        "agentSourcedIds\n",
        &format!("agentSourcedIds{}x\n", ",".repeat(600)),
    );
    assert_eq!(columns.read().unwrap_err().code(), "too_large");
    let many = (0..=limits::MAX_ENTRIES)
        .fold(Files::oneroster_11(), |files, at| files.with(&format!("{at}.csv"), ""));
    assert_eq!(many.read().unwrap_err().code(), "too_large");
    let (_folder, zip) = many.zip("");
    assert_eq!(read(&zip, None).unwrap_err().code(), "too_large");
}

#[test]
fn non_zip_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zip");
    fs::File::create(&path).unwrap().write_all(b"hello").unwrap();
    assert_eq!(read(&path, None).unwrap_err().code(), "not_a_roster");
    assert_eq!(read(&folder.path().join("none"), None).unwrap_err().code(), "unreadable");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_do_not_panic(
        soup in proptest::collection::vec(any::<u8>(), 0..400),
        name in "(users|orgs|classes|enrollments|manifest|courses)\\.csv",
    ) {
        let _ = Files::oneroster_11().with(&name, &soup).read();
        let _ = Files::oneroster_11().and(&name, &soup).read();
        let (folder, zip) = Files::oneroster_11().zip("");
        fs::write(&zip, &soup).unwrap();
        prop_assert_eq!(read(&zip, None).unwrap_err().code(), "not_a_roster");
        drop(folder);
    }

    #[test]
    fn arbitrary_quotes_and_commas_do_not_panic(
        soup in "[\",\n\r;a-c1 \\\\]{0,300}",
        at in 0_usize..400,
    ) {
        let users = Files::oneroster_11().0["users.csv"].clone();
        let mut text = String::from_utf8(users).unwrap();
        text.insert_str(at.min(text.len()), &soup);
        let _ = Files::oneroster_11().with("users.csv", text).read();
    }
}
