//! `translate train`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::exit::Exit;
use super::extensions::build_method;
use super::globals::Globals;
use super::interrupt;
use super::joint_training::{Beginning, ExchangeWay};
use super::precision::check_precision;
use super::recipes;
use super::resumption::{MoreTraining, chosen_style, resumed_recipe};
use super::sample_recipe::sample_recipe;
use super::training_judge;
use super::usage::UsageError;
use crate::config::{ConfigError, Mode, Overlay, Recipe, Samples};
use crate::data::fit_to_data;
use crate::data::sample::Sample;
use crate::distributed::{Group, Launch};
use crate::kernels::Precision;
use crate::shell::quoted;
use crate::style::{Manifest, Registry, StyleFolder};
use crate::train::{RunOutcome, Session, SessionStart};

/// Arguments of `translate train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate train --mode cycle\n  translate train --mode pix2pix --data facades --name facades --set data.direction=BtoA\n  translate train --config cycle-small --data horse2zebra --name zebra\n  translate train --resume --name facades\n  translate train --resume --name facades --epochs 300"
)]
pub struct Arguments {
    /// Training method: pix2pix (pairs of pictures), cycle (two piles of pictures), contrastive (two piles of pictures, one
    /// direction, in less time), pix2pixhd (label maps, large pictures), inpaint (photos), generate (pictures
    /// from noise) or vae (pictures to codes and back)
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    /// Folder of the data set [default: the sample in this program]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Name of the style [default: the mode; with --resume the only style that is not finished]
    #[arg(long)]
    name: Option<String>,
    /// Recipe: a file, or the name of one in this program (`translate recipes`)
    #[arg(long, value_name = "FILE|NAME")]
    config: Option<PathBuf>,
    /// Setting of the recipe, such as data.crop_size=64; may be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// Stop after this many steps; with --resume, beyond the end of the recipe too
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// Train for this many epochs: one half at the full learning rate, one half towards zero. With --resume, this many in all:
    /// those that are added are one half at the full learning rate, one half towards zero
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Fixes initial weights, order of pictures and augmentation
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// Precision of the convolutions: bf16 is faster on processors with AMX, with libtorch also on those with AVX512-BF16 and on
    /// GPUs [default: f32]
    #[arg(long, value_enum)]
    precision: Option<Precision>,
    /// Go on where an earlier run of this style has stopped
    #[arg(long)]
    resume: bool,
    /// Replace a style of this name
    #[arg(long, conflicts_with = "resume")]
    overwrite: bool,
    /// Start from the weights and the recipe of this style, or from the weight files in this folder
    #[arg(long, value_name = "NAME|DIR", conflicts_with = "resume")]
    init_from: Option<String>,
    /// Where several processes train together: how long one of them may keep the others waiting, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
    /// How their gradients get from one to the other
    #[arg(long, value_enum, default_value = "host")]
    exchange: ExchangeWay,
}

/// Trains, together with the other processes of `launch` if there are any.
pub(super) fn run(
    globals: &Globals,
    mut arguments: Arguments,
    launch: &Launch,
) -> anyhow::Result<Exit> {
    let limit = Duration::from_secs(u64::from(arguments.timeout));
    let group = Group::join(launch, limit)?;
    let prepared = if launch.restarts > 0 && group.is_leader() {
        restart(globals, &mut arguments)
    } else {
        Ok(())
    };
    let result = prepared.and_then(|()| train(globals, arguments, launch, &group));
    let failure = result.as_ref().err().map(|error| format!("{error:#}"));
    match (result, group.conclude(failure.as_deref())) {
        (Ok(_), Err(error)) => Err(error.into()),
        (result, _) => result,
    }
}

/// Makes of a command that a launcher runs once more one that goes on with what the run has reached.
fn restart(globals: &Globals, arguments: &mut Arguments) -> anyhow::Result<()> {
    let registry = Registry::new(&globals.checkpoints);
    let mode = match &arguments.config {
        Some(path) => recipes::read(path)?.mode()?,
        None => None,
    };
    let mode = arguments.mode.or(mode);
    let name = arguments.name.as_deref().or(mode.map(Mode::name));
    let style = name.map(|name| registry.place(name)).transpose()?;
    if style.is_some_and(|style| style.manifest().is_file()) {
        arguments.resume = true;
        arguments.overwrite = false;
        arguments.init_from = None;
    }
    Ok(())
}

fn train(
    globals: &Globals,
    arguments: Arguments,
    launch: &Launch,
    group: &Group,
) -> anyhow::Result<Exit> {
    let registry = Registry::new(&globals.checkpoints);
    let source = arguments.init_from.as_deref().filter(|_| group.is_leader());
    let source = source.map(|name| registry.find(name)).transpose()?;
    let mut overlay = Overlay::default();
    if let Some(path) = &arguments.config {
        overlay = recipes::read(path)?;
    }
    let mut mode = arguments.mode.or(overlay.mode()?);
    let own = if group.is_leader() {
        let inherited = source.as_ref().and_then(|style| inherited(style, mode));
        let mode = inherited.as_ref().map(|recipe| recipe.mode).or(mode);
        let name = arguments.name.as_deref();
        let style = chosen_style(&registry, name, mode, arguments.resume)?;
        Some(Beginning {
            name: style.name(),
            inherited: inherited.map(Manifest::new),
            before: earlier(&style, &arguments)?,
        })
    } else {
        None
    };
    let Beginning {
        name,
        inherited,
        before,
    } = Beginning::shared(group, own)?;
    if let Some(Manifest { recipe, .. }) = inherited {
        let mut base = Overlay::from_table(recipe.to_table(), "the recipe of the style")?;
        base.extend(overlay);
        (overlay, mode) = (base, Some(recipe.mode));
    }
    let style = registry.place(&name)?;
    let flags = flags(&arguments, before.is_some())?;
    overlay.extend(flags.clone());
    let more = MoreTraining {
        epochs: arguments.epochs,
        steps: arguments.steps,
    };
    let mut recipe = if let Some(before) = &before {
        resumed_recipe(before, mode, overlay, more, &style, group.size())?
    } else {
        let mode = mode.ok_or(UsageError::NoMode)?;
        if !names_data_or_recipe(&arguments) {
            let mut base = sample_recipe(mode)?;
            base.extend(overlay);
            overlay = base;
            tracing::info!(
                "no pictures are named: a small network learns from the sample in this program, for some minutes; \
                 `--data DIR` names your own, `--config {}` trains the network of the paper",
                mode.name()
            );
        }
        fitted(overlay.resolve(mode)?)?
    };
    flags.refuse_idle(&recipe)?;
    for folder in [
        &mut recipe.data.root,
        &mut recipe.data.mask_folder,
        &mut recipe.synthesis.first_stage,
    ] {
        if !folder.is_empty() {
            // Absolute, so that the run can go on from anywhere.
            let path = std::path::absolute(&*folder).context("the current folder is gone")?;
            *folder = path.to_string_lossy().into_owned();
        }
    }
    if !recipe.loss.perceptual_weights.is_empty() {
        let path = std::path::absolute(&recipe.loss.perceptual_weights);
        let path = path.context("the current folder is gone")?;
        recipe.loss.perceptual_weights = path.to_string_lossy().into_owned();
    }
    let start = match source {
        _ if !group.is_leader() => SessionStart::Follow,
        Some(style) => SessionStart::From(style),
        None if arguments.resume => SessionStart::Resume,
        None => SessionStart::Fresh,
    };
    let sample = recipe
        .data
        .root
        .is_empty()
        .then(Sample::unpack)
        .transpose()?;
    let data = match &sample {
        Some(sample) => sample.folder(&recipe),
        None => PathBuf::from(&recipe.data.root),
    };
    let device = globals.device.open_for(launch.local_rank)?;
    let group = &arguments.exchange.open(group, device.name)?;
    let session = Session {
        judge: training_judge::judge(&recipe, &device)?.filter(|_| group.is_leader()),
        recipe,
        data,
        style: style.clone(),
        start,
        build: build_method,
        device,
    };
    check_precision(&session.device, session.recipe.train.precision)?;
    if group.size() > 1 {
        tracing::info!(
            "{} processes train together: {} samples in a step",
            group.size(),
            group.size() * session.recipe.data.batch_size
        );
    }
    if before.is_none() && StyleFolder::builtin(&name).is_some() {
        tracing::info!(
            "with `--checkpoints {}`, `{name}` is from now on this style and not the one in the program",
            globals.checkpoints.display()
        );
    }
    tracing::info!("training `{name}` on {}", session.device.name);
    let next = apply_command(globals, &name, &session.recipe);
    let outcome = session.run_together(group, &interrupt::flag())?;
    if outcome == RunOutcome::Finished && group.is_leader() {
        globals.report(format_args!(
            "style `{name}` is in `{}`, its report in `{}`\n{}",
            style.path().display(),
            style.report().display(),
            next
        ))?;
    }
    Ok(Exit::Done)
}

/// The recipe of the style to begin with, without what belongs to its own run; none where it is of another mode, or is no more
/// than weights.
fn inherited(style: &StyleFolder, mode: Option<Mode>) -> Option<Recipe> {
    let mut recipe = Manifest::read(style).ok()?.recipe;
    recipe.train.max_steps = 0;
    recipe.optim.extensions.clear();
    mode.is_none_or(|mode| mode == recipe.mode)
        .then_some(recipe)
}

/// Whether flags say where the pictures are, or how to learn from them.
fn names_data_or_recipe(arguments: &Arguments) -> bool {
    let names_root = |setting: &String| {
        let key = setting.split_once('=').map(|(key, _)| key.trim());
        key == Some("data.root")
    };
    arguments.data.is_some()
        || arguments.config.is_some()
        || arguments.init_from.is_some()
        || arguments.set.iter().any(names_root)
}

/// What to do with a style: the command, to be pasted.
fn apply_command(globals: &Globals, name: &str, recipe: &Recipe) -> String {
    let elsewhere = if globals.checkpoints == Path::new("checkpoints") {
        String::new()
    } else {
        let folder = globals.checkpoints.display().to_string();
        format!("--checkpoints {} ", quoted(&folder))
    };
    let (inputs, masks) = match recipe.mode.samples() {
        Samples::Pairs | Samples::Sets => ("PICTURES", ""),
        Samples::Maps => ("LABEL_MAPS", ""),
        Samples::Holes => ("PHOTOS", " --mask MASKS"),
        Samples::Pictures => {
            let vectors = if recipe.tells_vectors() {
                " --embeddings FILE"
            } else {
                ""
            };
            return format!(
                "make pictures with it: translate {elsewhere}sample --style {}{vectors}",
                quoted(name)
            );
        }
    };
    format!(
        "apply it: translate {elsewhere}apply --input {inputs}{masks} --style {}",
        quoted(name)
    )
}

/// What the flags say of the recipe.
fn flags(arguments: &Arguments, is_resumed: bool) -> anyhow::Result<Overlay> {
    let mut overlay = Overlay::default();
    for setting in &arguments.set {
        overlay.set(setting)?;
    }
    if let Some(steps) = arguments.steps {
        overlay.insert("train", "max_steps", i64::from(steps), "`--steps`")?;
    }
    // The epochs of a run that goes on are added to those that it has.
    if let Some(epochs) = arguments.epochs.filter(|_| !is_resumed) {
        let constant = epochs.div_ceil(2);
        overlay.insert("optim", "epochs", i64::from(constant), "`--epochs`")?;
        overlay.insert(
            "optim",
            "decay_epochs",
            i64::from(epochs - constant),
            "`--epochs`",
        )?;
    }
    if let Some(seed) = arguments.seed {
        overlay.insert("train", "seed", i64::from(seed), "`--seed`")?;
    }
    if let Some(precision) = arguments.precision {
        let name = precision.name();
        overlay.insert("train", "precision", name, "`--precision`")?;
    }
    if let Some(data) = &arguments.data {
        let root = data.to_string_lossy().into_owned();
        overlay.insert("data", "root", root, "`--data`")?;
    }
    Ok(overlay)
}

/// The style to resume, if there is one; refuses a folder that must not be written into.
fn earlier(style: &StyleFolder, arguments: &Arguments) -> anyhow::Result<Option<Manifest>> {
    if !style.path().exists() || is_empty(style.path()) {
        return Ok(None);
    }
    if !style.manifest().is_file() {
        return Err(UsageError::NotAStyle(style.path().to_owned()).into());
    }
    if arguments.resume {
        return Ok(Some(Manifest::read(style)?));
    }
    if arguments.overwrite {
        return Ok(None);
    }
    Err(UsageError::NameTaken {
        name: style.name(),
        folder: style.path().to_owned(),
    }
    .into())
}

/// Whether a folder has nothing but what a run leaves that was stopped before it wrote its first file: its lock, and
/// perhaps that file under its temporary name.
fn is_empty(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).map(|entries| {
        entries.flatten().all(|entry| {
            let name = entry.file_name();
            let text = name.to_string_lossy();
            name == ".lock"
                || (text.starts_with('.') && text.ends_with(".tmp"))
                || (name == "state" && is_empty(&entry.path()))
        })
    });
    entries.unwrap_or(false)
}

/// The recipe with what it leaves to the data set decided.
fn fitted(mut recipe: Recipe) -> Result<Recipe, ConfigError> {
    // The sample, which is meant where no folder is named, has no instance maps.
    let root = PathBuf::from(&recipe.data.root);
    fit_to_data(&mut recipe, &root)?;
    Ok(recipe)
}
