//! `translate evaluate`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::exit::Exit;
use super::output::print;
use crate::data::MaskThreshold;
use crate::evaluate::{EvaluateOptions, Metric, PairSuffixes, evaluate};

/// Arguments of `translate evaluate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate evaluate --real facades/photos --fake translated --report scores.json\n  translate evaluate --real photos --fake filled --mask masks"
)]
pub struct Arguments {
    /// Folder of real pictures
    #[arg(long, value_name = "DIR")]
    real: PathBuf,
    /// Folder of translated pictures, matched to the real ones by name without extension
    #[arg(long, value_name = "DIR")]
    fake: PathBuf,
    /// Metrics, separated by commas: psnr, ssim, l1
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "psnr,ssim,l1"
    )]
    metrics: Vec<Metric>,
    /// Mask, or folder of masks matched by name: only what is white in it is compared
    #[arg(long, value_name = "PATH")]
    mask: Option<PathBuf>,
    /// Share of white from which on grey in a mask counts, from 0 to 1 [default: 0.5]
    #[arg(long, value_name = "SHARE", requires = "mask")]
    mask_threshold: Option<MaskThreshold>,
    /// End of the names of real pictures, where both kinds lie in one folder: _real_B for what the reference's test.py writes
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    suffix_real: String,
    /// End of the names of translated pictures, such as _fake_B
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    suffix_fake: String,
    /// Write the scores of every picture as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let options = EvaluateOptions {
        metrics: arguments.metrics,
        mask: arguments.mask,
        mask_threshold: arguments.mask_threshold.unwrap_or_default(),
        suffixes: PairSuffixes {
            real: arguments.suffix_real,
            fake: arguments.suffix_fake,
        },
    };
    let evaluation = evaluate(&arguments.real, &arguments.fake, &options)?;
    for warning in evaluation.warnings() {
        tracing::warn!("{warning}");
    }
    if let Some(path) = arguments.report {
        evaluation.write(&path).context("cannot write the report")?;
    }
    print(evaluation.to_table().trim_end())?;
    Ok(Exit::Done)
}
