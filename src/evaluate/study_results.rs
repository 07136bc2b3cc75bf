//! The results of a study, added up.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde::Deserialize;

use super::bootstrap::share_interval;
use super::error::EvaluateError;
use crate::files;

/// The answers of all people to one study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyResults {
    /// Number of files.
    pub people: usize,
    /// Right answers.
    pub right: u64,
    /// All answers.
    pub total: u64,
    /// Right answers and all answers for each pair.
    pub pairs: BTreeMap<String, (u64, u64)>,
}

/// A file that the page saves.
#[derive(Debug, Deserialize)]
struct ResultFile {
    study: String,
    answers: Vec<Answer>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    name: String,
    correct: bool,
}

impl StudyResults {
    /// Adds up result files of one study.
    ///
    /// # Errors
    /// A file is no result, or they are of different studies.
    pub fn read(paths: &[PathBuf]) -> Result<Self, EvaluateError> {
        let mut results = Self {
            people: 0,
            right: 0,
            total: 0,
            pairs: BTreeMap::new(),
        };
        let mut study: Option<(PathBuf, String)> = None;
        for path in paths {
            let file: ResultFile =
                serde_json::from_slice(&files::read(path)?).map_err(|error| {
                    EvaluateError::NoStudyResult {
                        path: path.clone(),
                        message: error.to_string(),
                    }
                })?;
            match &study {
                None => study = Some((path.clone(), file.study)),
                Some((first, expected)) if *expected != file.study => {
                    return Err(EvaluateError::DifferentStudies {
                        first: first.clone(),
                        second: path.clone(),
                    });
                }
                Some(_) => {}
            }
            results.people += 1;
            for answer in file.answers {
                let right = u64::from(answer.correct);
                let pair = results.pairs.entry(answer.name).or_default();
                pair.0 += right;
                pair.1 += 1;
                results.right += right;
                results.total += 1;
            }
        }
        Ok(results)
    }

    /// The share of right answers with its interval, and the pairs that were told apart most and least often.
    pub fn to_text(&self) -> String {
        const SHOWN: usize = 5;
        let interval = share_interval(self.right, self.total);
        let share = |right: u64, total: u64| 100.0 * right as f64 / total.max(1) as f64;
        let mut text = format!(
            "{} of {} answers of {} people are right: {:.1}%, 95% interval {:.1}% to {:.1}% (guessing: 50%)\n",
            self.right,
            self.total,
            self.people,
            share(self.right, self.total),
            100.0 * interval.low,
            100.0 * interval.high
        );
        let mut pairs: Vec<(&str, u64, u64)> = self
            .pairs
            .iter()
            .map(|(name, &(right, total))| (name.as_str(), right, total))
            .collect();
        pairs
            .sort_by(|first, second| share(second.1, second.2).total_cmp(&share(first.1, first.2)));
        let lines = [
            (
                "told apart most often",
                pairs.iter().take(SHOWN).collect::<Vec<_>>(),
            ),
            (
                "told apart least often",
                pairs.iter().rev().take(SHOWN).collect(),
            ),
        ];
        for (title, pairs) in lines {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(name, right, total)| format!("{name} ({right} of {total})"))
                .collect();
            let _ = writeln!(text, "{title}: {}", pairs.join(", "));
        }
        text
    }
}
