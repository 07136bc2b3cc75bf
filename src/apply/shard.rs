//! Sharing the pictures of one input among machines that do not talk with each other.

use std::fmt;
use std::path::{Component, Path};
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// One of several shares of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    number: u32,
    /// How many there are.
    count: u32,
}

/// How a share is chosen on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardChoice {
    /// By what the scheduler says in environment variables.
    Auto,
    /// This one.
    Given(Shard),
}

/// A share that cannot be understood or found out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Neither a share nor `auto`.
    #[error(
        "`{0}` is not a shard: write 2/5 for the second of five, or auto in a Slurm array or an indexed Kubernetes job"
    )]
    Malformed(String),
    /// No scheduler has said anything.
    #[error(
        "`--shard auto` finds neither SLURM_ARRAY_TASK_ID (a Slurm array) nor JOB_COMPLETION_INDEX (a Kubernetes job with `completionMode: Indexed`): write `--shard I/N`"
    )]
    NoScheduler,
    /// Two schedulers have.
    #[error(
        "`--shard auto` finds both SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX: unset one, or write `--shard I/N`"
    )]
    TwoSchedulers,
    /// Kubernetes gives each pod its index and not the number of pods.
    #[error(
        "`--shard auto` needs JOB_COMPLETIONS beside JOB_COMPLETION_INDEX: in the manifest, set it to the number in `completions`"
    )]
    NoCompletions,
    /// A variable is missing or no number, or does not fit the others.
    #[error("`--shard auto` cannot use {name}: {message}")]
    BadVariable {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        message: String,
    },
}

impl Shard {
    /// Share `number`, from 1, of `count`; none if there is no such share.
    pub fn new(number: u32, count: u32) -> Option<Self> {
        (1..=count)
            .contains(&number)
            .then_some(Self { number, count })
    }

    /// Whether the picture at `relative`, its path below the input folder, belongs to this share.
    ///
    /// The path's parts are joined by `/`, whatever the system separates them by. The first 8 bytes of the SHA-256 of that, as a
    /// big-endian number, modulo the number of shares, is the number of the share less 1. This never changes: runs of
    /// different versions on different systems share one folder.
    pub fn contains(self, relative: &Path) -> bool {
        let mut hasher = Sha256::new();
        let parts = relative.components().filter_map(|part| match part {
            Component::Normal(part) => Some(part.as_encoded_bytes()),
            Component::ParentDir => Some(b"..".as_slice()),
            _ => None,
        });
        for (index, part) in parts.enumerate() {
            if index > 0 {
                hasher.update(b"/");
            }
            hasher.update(part);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let number = digest[..8]
            .iter()
            .fold(0u64, |number, &byte| number << 8 | u64::from(byte));
        number % u64::from(self.count) == u64::from(self.number - 1)
    }

    /// The share that the scheduler has given to this process; `variable` looks up an environment variable.
    ///
    /// # Errors
    /// No scheduler has, or what it says does not give one share out of an evenly spaced array.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ShardError> {
        match (
            variable("SLURM_ARRAY_TASK_ID").is_some(),
            variable("JOB_COMPLETION_INDEX").is_some(),
        ) {
            (true, true) => Err(ShardError::TwoSchedulers),
            (true, false) => Self::of_slurm_array(variable),
            (false, true) => Self::of_indexed_job(variable),
            (false, false) => Err(ShardError::NoScheduler),
        }
    }

    /// Arrays begin anywhere and may have a step: `--array=0-9`, `1-10`, `10-100:10`. The share is the place in the array.
    fn of_slurm_array(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ShardError> {
        let task = number(&variable, "SLURM_ARRAY_TASK_ID")?;
        let first = number(&variable, "SLURM_ARRAY_TASK_MIN")?;
        let last = number(&variable, "SLURM_ARRAY_TASK_MAX")?;
        let count = number(&variable, "SLURM_ARRAY_TASK_COUNT")?;
        // A list such as 1,2,9 has gaps, in which the place of a task is not known.
        let uneven = |message: String| ShardError::BadVariable {
            name: "SLURM_ARRAY_TASK_ID",
            message: format!(
                "{message}: use an array with one step, such as `--array=1-10`, or write `--shard I/N`"
            ),
        };
        if first > last || !(first..=last).contains(&task) || count == 0 {
            return Err(uneven(format!(
                "task {task} of {count} from {first} to {last} makes no sense"
            )));
        }
        let gaps = count - 1;
        let step = match gaps {
            0 => 1,
            _ => (last - first) / gaps,
        };
        // More tasks than numbers leave no step.
        let place = (task - first) / step.max(1);
        let is_even = step > 0
            && u64::from(gaps) * u64::from(step) == u64::from(last - first)
            && u64::from(place) * u64::from(step) == u64::from(task - first);
        Self::new(place + 1, count)
            .filter(|_| is_even)
            .ok_or_else(|| {
                uneven(format!(
                    "the {count} tasks from {first} to {last} are not evenly spaced"
                ))
            })
    }

    fn of_indexed_job(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ShardError> {
        let index = number(&variable, "JOB_COMPLETION_INDEX")?;
        if variable("JOB_COMPLETIONS").is_none() {
            return Err(ShardError::NoCompletions);
        }
        let count = number(&variable, "JOB_COMPLETIONS")?;
        index
            .checked_add(1)
            .and_then(|number| Self::new(number, count))
            .ok_or_else(|| ShardError::BadVariable {
                name: "JOB_COMPLETIONS",
                message: format!(
                    "it is {count}, and JOB_COMPLETION_INDEX is {index}: set it to the number in `completions`"
                ),
            })
    }
}

/// The whole number in an environment variable.
fn number(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<u32, ShardError> {
    let text = variable(name).ok_or_else(|| ShardError::BadVariable {
        name,
        message: "it is not set".to_owned(),
    })?;
    text.trim().parse().map_err(|_| ShardError::BadVariable {
        name,
        message: format!("`{text}` is not a whole number"),
    })
}

impl ShardChoice {
    /// The share; see [`Shard::from_environment`].
    ///
    /// # Errors
    /// The environment does not say which.
    pub fn resolve(self, variable: impl Fn(&str) -> Option<String>) -> Result<Shard, ShardError> {
        match self {
            Self::Auto => Shard::from_environment(variable),
            Self::Given(shard) => Ok(shard),
        }
    }
}

impl FromStr for ShardChoice {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let parts = text.split_once('/');
        let shard =
            parts.and_then(|(number, count)| Shard::new(number.parse().ok()?, count.parse().ok()?));
        shard
            .map(Self::Given)
            .ok_or_else(|| ShardError::Malformed(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(text: &str) -> Option<Shard> {
        match text.parse() {
            Ok(ShardChoice::Given(shard)) => Some(shard),
            _ => None,
        }
    }

    #[test]
    fn shards_are_parsed_from_one() {
        assert_eq!("auto".parse(), Ok(ShardChoice::Auto));
        assert_eq!(shard("2/3"), Shard::new(2, 3));
        assert_eq!(shard("2/3").unwrap().to_string(), "2/3");
        for wrong in ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/3", "a/b", "1/"] {
            assert_eq!(shard(wrong), None, "{wrong}");
        }
    }

    /// Fixed for all times: computed with `printf %s PATH | sha256sum`.
    #[test]
    fn the_share_of_a_path_is_fixed() {
        for (path, of_3, of_1000) in [
            ("a.png", A_PNG % 3, A_PNG % 1000),
            ("a/b.jpg", A_B_JPG % 3, A_B_JPG % 1000),
            ("photos/été.png", ETE_PNG % 3, ETE_PNG % 1000),
        ] {
            for (place, count) in [(of_3, 3), (of_1000, 1000)] {
                let owner = Shard::new(place as u32 + 1, count).unwrap();
                assert!(owner.contains(Path::new(path)), "{path} {owner}");
                let next = Shard::new((place as u32 + 1) % count + 1, count).unwrap();
                assert!(!next.contains(Path::new(path)), "{path} {next}");
            }
        }
        let doubled = Path::new("./a//./b.jpg");
        let owner = Shard::new((A_B_JPG % 1000) as u32 + 1, 1000).unwrap();
        assert!(owner.contains(doubled));
    }

    const A_PNG: u64 = 0x7f07_1235_805f_bf58;
    const A_B_JPG: u64 = 0x4a51_6362_46e7_c418;
    const ETE_PNG: u64 = 0x1096_3b6a_189c_d0f4;

    fn environment(values: &[(&str, &str)]) -> Result<String, ShardError> {
        let find = |name: &str| {
            let found = values.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Shard::from_environment(find).map(|shard| shard.to_string())
    }

    fn slurm(task: &str, first: &str, last: &str, count: &str) -> Result<String, ShardError> {
        environment(&[
            ("SLURM_ARRAY_TASK_ID", task),
            ("SLURM_ARRAY_TASK_MIN", first),
            ("SLURM_ARRAY_TASK_MAX", last),
            ("SLURM_ARRAY_TASK_COUNT", count),
        ])
    }

    #[test]
    fn slurm_arrays_begin_anywhere_and_have_steps() {
        for (task, first, last, count, expected) in [
            ("0", "0", "9", "10", "1/10"),
            ("9", "0", "9", "10", "10/10"),
            ("1", "1", "10", "10", "1/10"),
            ("30", "10", "100", "10", "3/10"),
            ("7", "7", "7", "1", "1/1"),
        ] {
            assert_eq!(slurm(task, first, last, count), Ok(expected.to_owned()));
        }
        for (task, first, last, count) in [
            ("2", "1", "9", "3"),
            ("2", "1", "9", "6"),
            ("11", "1", "10", "10"),
            ("1", "2", "1", "1"),
            ("1", "1", "2", "0"),
            ("1", "1", "1", "5"),
            ("x", "1", "1", "1"),
        ] {
            let error = slurm(task, first, last, count).unwrap_err();
            assert!(matches!(error, ShardError::BadVariable { .. }), "{error}");
        }
        let error = environment(&[("SLURM_ARRAY_TASK_ID", "3")]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("SLURM_ARRAY_TASK_MIN: it is not set")
        );
    }

    #[test]
    fn indexed_jobs_begin_at_0_and_need_their_number() {
        let job = |index, count| {
            environment(&[("JOB_COMPLETION_INDEX", index), ("JOB_COMPLETIONS", count)])
        };
        assert_eq!(job("0", "4"), Ok("1/4".to_owned()));
        assert_eq!(job("3", "4"), Ok("4/4".to_owned()));
        for (index, count) in [("4", "4"), ("0", "0"), ("4294967295", "4"), ("0", "")] {
            assert!(job(index, count).is_err(), "{index} of {count}");
        }
        let alone = environment(&[("JOB_COMPLETION_INDEX", "0")]);
        assert_eq!(alone, Err(ShardError::NoCompletions));
        assert_eq!(environment(&[]), Err(ShardError::NoScheduler));
        let both = [("JOB_COMPLETION_INDEX", "0"), ("SLURM_ARRAY_TASK_ID", "1")];
        assert_eq!(environment(&both), Err(ShardError::TwoSchedulers));
    }
}
