//! `translate evaluate`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::exit::Exit;
use super::globals::Globals;
use super::output::print;
use super::usage::UsageError;
use crate::data::MaskThreshold;
use crate::evaluate::{
    Comparison, EvaluateError, EvaluateOptions, KidSubsets, Metric, PairSuffixes, RunScores, Scope,
    StudyResults, evaluate, is_result, write_page, write_study,
};
use crate::features::{FeatureNetwork, Resize};
use crate::files::ensure_writable_beside;
use crate::picture::has_picture_extension;

/// Arguments of `translate evaluate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate evaluate --real facades/photos --fake translated --report scores.json\n  translate evaluate --real photos --fake filled --mask masks"
)]
pub struct Arguments {
    /// Folder of real pictures
    #[arg(long, value_name = "DIR", required_unless_present_any = ["compare", "study_results"])]
    real: Option<PathBuf>,
    /// Folder of translated pictures, matched to the real ones by name without extension
    #[arg(long, value_name = "DIR", required_unless_present_any = ["compare", "study_results"])]
    fake: Option<PathBuf>,
    /// Metrics, separated by commas. Of pictures of the same name: psnr, ssim, l1, ms_ssim, lpips,
    /// lpips_vgg, dists. Of the folders as a whole: fid, kid, is, precision, recall, density, coverage, swd, colour,
    /// diversity [default: psnr,ssim,l1, and all that two reports have with --compare]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    metrics: Option<Vec<Metric>>,
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
    /// Weights of the networks that metrics use: a file of Inception, AlexNet or VGG16, or a folder of
    /// such files; repeat for more. Besides, ~/.cache/translate and PyTorch's own cache are looked into
    #[arg(long, value_name = "PATH")]
    weights: Vec<PathBuf>,
    /// How pictures are brought to the 299x299 pixels that Inception sees
    #[arg(long, value_enum, default_value_t)]
    resize: Resize,
    /// Keep the features of Inception beside each folder, and take them from there
    #[arg(long)]
    cache: bool,
    /// Subsets of which kid is the mean
    #[arg(long, value_name = "N", default_value_t = KidSubsets::default().count, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    kid_subsets: usize,
    /// Pictures of each folder in a subset of kid; of smaller folders all are taken
    #[arg(long, value_name = "N", default_value_t = KidSubsets::default().size, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..))]
    kid_subset_size: usize,
    /// Seed of what is chosen at random
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write the scores of every picture: a page with distributions and the worst and best pairs if the
    /// name ends in .html, otherwise JSON; repeat for both
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
    /// Instead, compare two runs picture by picture: JSON reports, or folders of translations of the pictures in --real
    #[arg(long, value_name = "PATH", num_args = 2, conflicts_with_all = ["fake", "report", "study", "study_results"])]
    compare: Option<Vec<PathBuf>>,
    /// Instead, write a page on which people tell real pictures from translations
    #[arg(long, value_name = "FILE.html", conflicts_with_all = ["report", "mask", "mask_threshold", "study_results", "metrics", "weights", "resize", "cache", "kid_subsets", "kid_subset_size"])]
    study: Option<PathBuf>,
    /// Instead, add up the files that such a page has saved
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["real", "fake", "report", "mask", "mask_threshold", "metrics", "suffix_real", "suffix_fake", "weights", "resize", "cache", "kid_subsets", "kid_subset_size", "seed"])]
    study_results: Option<Vec<PathBuf>>,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let mut written = arguments.report.iter().chain(&arguments.study);
    if let Some(path) = written.find(|path| has_picture_extension(path)) {
        return Err(UsageError::CalledLikeAPicture(path.clone()).into());
    }
    for path in arguments.report.iter().chain(&arguments.study) {
        if path.is_dir() {
            return Err(UsageError::ReportIsAFolder(path.clone()).into());
        }
        if path.is_file() && !is_report_name(path) {
            return Err(UsageError::NoReport(path.clone()).into());
        }
        if path.is_file() && !is_result(path) {
            return Err(UsageError::OtherFile(path.clone()).into());
        }
        ensure_writable_beside(path).context("cannot write the report")?;
    }
    if let Some(files) = &arguments.study_results {
        print(StudyResults::read(files)?.to_text().trim_end())?;
        return Ok(Exit::Done);
    }
    if let (Some(page), Some(real), Some(fake)) =
        (&arguments.study, &arguments.real, &arguments.fake)
    {
        write_study(real, fake, &arguments.suffixes(), arguments.seed, page)?;
        globals.report(format_args!(
            "wrote `{}`: open it in a browser, or send it; `translate evaluate --study-results FILE...` adds up what it saves",
            page.display()
        ))?;
        return Ok(Exit::Done);
    }
    if let Some(runs) = &arguments.compare {
        let real = arguments.real.as_deref();
        if let Some(option) = arguments.first_of_pictures()
            && runs.iter().all(|run| run.is_file())
        {
            return Err(UsageError::NotOfReports(option).into());
        }
        let options = if runs.iter().any(|run| run.is_dir()) {
            arguments.options(globals)?
        } else {
            EvaluateOptions::default()
        };
        arguments.check_masks(runs)?;
        let wanted = arguments.metrics.as_deref();
        let scores = [&runs[0], &runs[1]].map(|run| {
            let scores = scores(run, real, &options)?;
            anyhow::Ok(match wanted {
                Some(metrics) => scores.only(metrics),
                None => scores,
            })
        });
        let [first, second] = scores;
        let (first, second) = (first?, second?);
        let comparison = Comparison::new(&first, &second, arguments.seed);
        let comparison = comparison.ok_or_else(|| EvaluateError::NothingToCompare {
            first: runs[0].clone(),
            second: runs[1].clone(),
        })?;
        print(comparison.to_text().trim_end())?;
        return Ok(Exit::Done);
    }
    let (Some(real), Some(fake)) = (&arguments.real, &arguments.fake) else {
        unreachable!("the parser asks for both folders in all other cases");
    };
    let options = arguments.options(globals)?;
    let evaluation = evaluate(real, fake, &options)?;
    for warning in evaluation.warnings() {
        tracing::warn!("{warning}");
    }
    for path in &arguments.report {
        if is_page(path) {
            write_page(&evaluation, real, fake, options.seed, path)?;
        } else {
            evaluation.write(path).context("cannot write the report")?;
        }
    }
    print(evaluation.to_table().trim_end())?;
    Ok(Exit::Done)
}

/// Whether a report of this name is a page.
fn is_page(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "html")
}

/// Whether a file of this name can be a report or a page of an earlier run.
fn is_report_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("json") || extension.eq_ignore_ascii_case("html")
    })
}

impl Arguments {
    fn suffixes(&self) -> PairSuffixes {
        PairSuffixes {
            real: self.suffix_real.clone(),
            fake: self.suffix_fake.clone(),
        }
    }

    /// The first option that says how pictures are measured, for those who have reports.
    fn first_of_pictures(&self) -> Option<&'static str> {
        let options = [
            ("--real", self.real.is_some()),
            ("--mask", self.mask.is_some()),
            ("--suffix-real", !self.suffix_real.is_empty()),
            ("--suffix-fake", !self.suffix_fake.is_empty()),
        ];
        let options = options.into_iter().chain(self.of_networks());
        let given = options.chain(self.of_kid()).find(|(_, given)| *given);
        given.map(|(option, _)| option)
    }

    /// The options for the networks of metrics, and whether they are given.
    fn of_networks(&self) -> [(&'static str, bool); 3] {
        [
            ("--weights", !self.weights.is_empty()),
            ("--resize", self.resize != Resize::default()),
            ("--cache", self.cache),
        ]
    }

    /// Those for kid.
    fn of_kid(&self) -> [(&'static str, bool); 2] {
        let usual = KidSubsets::default();
        [
            ("--kid-subsets", self.kid_subsets != usual.count),
            ("--kid-subset-size", self.kid_subset_size != usual.size),
        ]
    }

    /// Refuses two runs of which one is measured within masks alone, before the pictures are.
    fn check_masks(&self, runs: &[PathBuf]) -> anyhow::Result<()> {
        let masked = |run: &PathBuf| {
            anyhow::Ok(if run.is_dir() {
                Some(self.mask.is_some())
            } else {
                RunScores::read(run)?.masked
            })
        };
        let (first, second) = (masked(&runs[0])?, masked(&runs[1])?);
        match (first, second) {
            (Some(first), Some(second)) if first != second => {
                let (masked, whole) = if first { (0, 1) } else { (1, 0) };
                let [masked, whole] = [masked, whole].map(|run: usize| runs[run].clone());
                Err(UsageError::OneMasked { masked, whole }.into())
            }
            _ => Ok(()),
        }
    }

    /// Refuses options that none of `metrics` has a use for.
    fn check_used(&self, metrics: &[Metric]) -> Result<(), UsageError> {
        let has_network = metrics.iter().any(|metric| metric.network().is_some());
        let is_inception = |metric: &Metric| metric.network() == Some(FeatureNetwork::Inception);
        let has_inception = metrics.iter().any(is_inception);
        // Intervals are of samples that are drawn; pages have those of pairs.
        let has_pairs = metrics.iter().any(|metric| metric.scope() == Scope::Pair);
        let has_page = self.report.iter().any(|path| is_page(path));
        let has_intervals = self.compare.is_some() || has_page && has_pairs;
        let has_draws = has_intervals || metrics.contains(&Metric::Swd);
        let is_used = |option| match option {
            "--weights" => has_network,
            "--resize" | "--cache" => has_inception,
            "--seed" => has_draws,
            _ => metrics.contains(&Metric::Kid),
        };
        let options = self.of_networks().into_iter().chain(self.of_kid());
        let mut options = options.chain([("--seed", self.seed != 0)]);
        match options.find(|&(option, given)| given && !is_used(option)) {
            Some((option, _)) => {
                let names: Vec<&str> = metrics.iter().map(|metric| metric.name()).collect();
                let with = format!("--metrics {}", names.join(","));
                Err(UsageError::NoEffect { option, with })
            }
            None => Ok(()),
        }
    }

    /// What is measured and how; the device is opened if a metric needs it.
    fn options(&self, globals: &Globals) -> anyhow::Result<EvaluateOptions> {
        let usual = EvaluateOptions::default();
        let metrics = self.metrics.clone().unwrap_or(usual.metrics);
        self.check_used(&metrics)?;
        let needs_network = metrics.iter().any(|metric| metric.network().is_some());
        let device = if needs_network {
            globals.device.open()?.device
        } else {
            usual.device
        };
        Ok(EvaluateOptions {
            metrics,
            mask: self.mask.clone(),
            mask_threshold: self.mask_threshold.unwrap_or_default(),
            suffixes: self.suffixes(),
            weights: self.weights.clone(),
            resize: self.resize,
            cache: self.cache,
            kid_subsets: KidSubsets {
                count: self.kid_subsets,
                size: self.kid_subset_size,
            },
            device,
            seed: self.seed,
        })
    }
}

/// Scores of a run: those of a report, or of a folder of translations compared with the real pictures.
fn scores(run: &Path, real: Option<&Path>, options: &EvaluateOptions) -> anyhow::Result<RunScores> {
    if !run.is_dir() {
        return Ok(RunScores::read(run)?);
    }
    let real = real.ok_or_else(|| UsageError::NeedsReal(run.to_owned()))?;
    let evaluation = evaluate(real, run, options)?;
    for warning in evaluation.warnings() {
        tracing::warn!("{}: {warning}", run.display());
    }
    Ok(RunScores::of(&evaluation))
}
