//! Coverage of the fuzzer: the operations that responded with success to at least one generated
//! request.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::Value;

/// Operations, as in `GET /evenings/{evening_id}`, with the number of requests that got a success
/// response.
#[derive(Default)]
pub struct OperationCoverage(BTreeMap<String, u64>);

impl OperationCoverage {
    /// Reads all reports of the fuzzer in a folder.
    ///
    /// # Errors
    /// If a report can't be read.
    pub fn of(folder: &Path) -> Result<Self> {
        let mut coverage = Self::default();
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            if file.extension().is_some_and(|extension| extension == "ndjson") {
                coverage.read(&file)?;
            }
        }
        Ok(coverage)
    }

    /// Adds one report, which has one JSON object per line.
    fn read(&mut self, report: &Path) -> Result<()> {
        let file =
            File::open(report).with_context(|| format!("no report at {}", report.display()))?;
        for line in BufReader::new(file).lines() {
            let line: Value = serde_json::from_str(&line?)?;
            let scenario = &line["ScenarioFinished"];
            // Other phases also try methods that the contract does not define.
            if !["fuzzing", "stateful"].into_iter().any(|phase| scenario["phase"] == phase) {
                continue;
            }
            let recorder = &scenario["recorder"];
            let Some(cases) = recorder["cases"].as_object() else { continue };
            for (id, case) in cases {
                let (method, path) =
                    (case["value"]["method"].as_str(), case["value"]["path"].as_str());
                let (Some(method), Some(path)) = (method, path) else { continue };
                let successes = self.0.entry(format!("{method} {path}")).or_default();
                let status = recorder["interactions"][id]["response"]["status_code"].as_u64();
                *successes += u64::from(status.is_some_and(|status| (200..300).contains(&status)));
            }
        }
        Ok(())
    }

    /// The number of operations with a success, the number of all operations, and the names of the
    /// rest.
    pub fn summary(&self) -> (usize, usize, Vec<&str>) {
        let missed: Vec<&str> = self
            .0
            .iter()
            .filter(|(_, successes)| **successes == 0)
            .map(|(operation, _)| operation.as_str())
            .collect();
        (self.0.len() - missed.len(), self.0.len(), missed)
    }
}
