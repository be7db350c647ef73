//! The demo school's roster files, changed as a test needs, and imported as the command line does:
//! beside the running server, over connections of its own.

use std::{fs, path::Path};

use parlour::{
    roster::{self, ImportOptions, ImportReport},
    store::Store,
};
use tempfile::TempDir;

use super::Server;

/// A folder of `tests/cases`.
pub fn case(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name)
}

/// Roster files in a folder.
pub struct Roster(TempDir);

impl Roster {
    /// The files of the demo school.
    pub fn demo() -> Self {
        let (from, folder) = (
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/demo"),
            TempDir::new().expect("a folder"),
        );
        for file in fs::read_dir(from).expect("the demo's roster is there") {
            let file = file.expect("the demo's roster can be read");
            fs::copy(file.path(), folder.path().join(file.file_name())).expect("it can be copied");
        }
        Self(folder)
    }

    /// The files of the demo school without the guardianship of Rachel Aaron and Sophie.
    pub fn without_sophie() -> Self {
        let (before, after) = (
            "rachel.aaron@example.org,,,\"s-sophie-aaron,s-liz-aaron,s-chris-aaron\"",
            "rachel.aaron@example.org,,,\"s-liz-aaron,s-chris-aaron\"",
        );
        Self::demo().replace("users.csv", before, after).replace(
            "users.csv",
            "Sophie,Aaron,,,,,,\"p-rachel-aaron,p-marcus-webb\"",
            "Sophie,Aaron,,,,,,p-marcus-webb",
        )
    }

    /// Replaces a text that a file contains exactly once.
    #[track_caller]
    pub fn replace(self, file: &str, text: &str, with: &str) -> Self {
        let path = self.0.path().join(file);
        let before = fs::read_to_string(&path).expect("the file is there");
        assert_eq!(before.matches(text).count(), 1, "{text} in {file}");
        fs::write(path, before.replace(text, with)).expect("it can be written");
        self
    }

    /// Adds a line to a file.
    pub fn add(self, file: &str, line: &str) -> Self {
        let path = self.0.path().join(file);
        let before = fs::read_to_string(&path).expect("the file is there");
        fs::write(path, format!("{}\n{line}\n", before.trim_end())).expect("it can be written");
        self
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Imports the files into the database of a running server.
    pub async fn import(&self, server: &Server) -> ImportReport {
        self.import_with(server, ImportOptions::default()).await
    }

    /// Imports the files without the removal limit.
    pub async fn import_without_limit(&self, server: &Server) -> ImportReport {
        self.import_with(server, ImportOptions { limit: None, ..ImportOptions::default() }).await
    }

    async fn import_with(&self, server: &Server, options: ImportOptions) -> ImportReport {
        let store = Store::open(&server.app.config.database, 2).expect("the database opens");
        let report = roster::import(&store, &server.app.context(), self.0.path(), options)
            .await
            .expect("the roster is imported");
        assert!(!report.is_refused(), "{report}");
        report
    }
}
