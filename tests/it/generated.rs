//! `man/` and `completions/` are what `coracle generate` writes.

use crate::source::project;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect()
}

#[test]
fn generated_files_are_committed_as_they_are_generated() {
    for (what, at_least) in [("man", 5), ("completions", 3)] {
        let folder = tempfile::tempdir().expect("a folder");
        let done = Command::new(env!("CARGO_BIN_EXE_coracle"))
            .args(["generate", what])
            .arg(folder.path())
            .output()
            .expect("coracle starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let (made, committed) = (files(folder.path()), files(&project().join(what)));
        assert!(made.len() >= at_least, "{:?}", made.keys());
        let mend = format!("run: target/*/debug/coracle generate {what} {what}");
        assert_eq!(made.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>(), "{mend}");
        for (name, text) in &made {
            assert!(committed[name] == *text, "{what}/{name} is out of date; {mend}");
        }
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let done = Command::new(env!("CARGO_BIN_EXE_coracle")).args(["generate", "man", "/nonexistent/x"]).output().expect("coracle");
    assert_eq!(done.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&done.stderr).contains("/nonexistent/x"), "{done:?}");
}
