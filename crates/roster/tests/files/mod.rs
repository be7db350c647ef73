//! Small rosters for tests, written into a temporary folder or zip.
#![expect(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses its own part; a test may panic"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use parlour_roster::{Person, Reason, Refusal, Roster, School, read};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The files of a roster, by name.
#[derive(Clone)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

pub const MANIFEST: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.\
                            academicSessions,absent\nfile.classes,bulk\nfile.courses,bulk\nfile.\
                            enrollments,bulk\nfile.orgs,bulk\nfile.users,bulk\n";

impl Files {
    /// One school, one class, a teacher, a student and the student's mother.
    pub fn oneroster_11() -> Self {
        Self(BTreeMap::new())
            .with("manifest.csv", MANIFEST)
            .with(
                "orgs.csv",
                "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nd,,,\
                 District,district,,\nsch,,,Elm School,school,,d\n",
            )
            .with(
                "courses.csv",
                "sourcedId,status,title,courseCode,subjects\nco,,Science 5,SCI5,\n",
            )
            .with(
                "classes.csv",
                "sourcedId,status,title,courseSourcedId,classCode,schoolSourcedId,termSourcedIds,\
                 subjects\ncl,,5x Science,co,5x/Sc,sch,,\n",
            )
            .with(
                "users.csv",
                "sourcedId,status,enabledUser,orgSourcedIds,role,givenName,familyName,email,\
                 agentSourcedIds\ns1,,true,sch,student,Sophie,Aaron,,\nt1,,true,sch,teacher,Anita,\
                 Abell,a.abell@example.org,\nm1,,true,sch,parent,Ruth,Aaron,ruth@example.org,s1\n",
            )
            .with(
                "enrollments.csv",
                "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,primary,\
                 beginDate,endDate\ne1,,cl,sch,s1,student,,2020-09-01,2021-07-20\ne2,active,cl,\
                 sch,t1,teacher,true,2020-09-01,2021-07-20\n",
            )
    }

    pub fn with(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.0.insert(name.to_owned(), content.as_ref().to_vec());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// Appends lines to a file.
    pub fn and(mut self, name: &str, lines: impl AsRef<[u8]>) -> Self {
        self.0.entry(name.to_owned()).or_default().extend_from_slice(lines.as_ref());
        self
    }

    pub fn replace(mut self, name: &str, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.0[name].clone()).unwrap();
        assert!(text.contains(from), "{name} has no {from:?}");
        self.0.insert(name.to_owned(), text.replace(from, to).into_bytes());
        self
    }

    pub fn write(&self) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, content) in &self.0 {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    pub fn zip(&self, prefix: &str) -> (TempDir, PathBuf) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("roster.zip");
        let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
        for (name, content) in &self.0 {
            zip.start_file(format!("{prefix}{name}"), SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap();
        (folder, path)
    }

    pub fn read(&self) -> Result<Roster, Refusal> {
        read(self.write().path(), None)
    }

    pub fn roster(&self) -> Roster {
        self.read().unwrap()
    }

    pub fn school(&self) -> School {
        let mut roster = self.roster();
        assert_eq!(roster.schools.len(), 1);
        roster.schools.remove(0)
    }

    /// File, line and reason of each finding.
    pub fn findings(&self) -> Vec<(String, u64, Reason)> {
        self.roster().findings.into_iter().map(|f| (f.file, f.line, f.reason)).collect()
    }
}

pub fn person<'s>(school: &'s School, id: &str) -> &'s Person {
    school.people.iter().find(|person| person.sourced_id == id).unwrap()
}
