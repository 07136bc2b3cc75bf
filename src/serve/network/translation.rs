//! One picture through a network, as `translate apply` does it.

use super::cache::StyleCache;
use crate::apply::{
    ApplyOptions, Event, FileReport, SampleOptions, Status, plan_inputs, run, size_and_restore,
};
use crate::config::{Mode, Recipe};
use crate::picture::PictureLimits;
use crate::serve::state::Shared;
use crate::serve::styles::has_dropout;
use crate::serve::tasks::{Choices, FileChoices, ResultFile, Task, Translation};
use crate::style::Manifest;

/// Translates the picture of a task into its folder.
///
/// # Errors
/// A message for the person whose picture it is, with paths.
pub(super) fn translate(
    task: &Task,
    translation: &Translation,
    cache: &mut StyleCache,
    shared: &Shared,
) -> Result<(), String> {
    let (folder, manifest) = style(&translation.style, shared)?;
    let choices = &translation.choices;
    check(choices, &manifest.recipe, &translation.style)?;
    let limits = shared.pictures.limits();
    let options = options(choices, translation.files, &manifest, limits);
    let mut input = translation.picture.path();
    if options.instance_maps && translation.instances.is_none() {
        // Where it would lie is a folder of the server's, in which nobody can put it.
        return Err(format!(
            "`{}` has no instance map, which the style `{}` needs: send it as `instances`, or paint the map in Labels",
            translation.picture.name(),
            translation.style
        ));
    }
    if let Some(instances) = &translation.instances {
        // The map is found by its name beside the picture.
        let pair = task.folder().join("pair_label");
        let beside = task.folder().join("pair_inst");
        input = copy(&input, &pair)?;
        let name = std::path::Path::new(translation.picture.name()).with_extension("png");
        let map = copy(&instances.path(), &beside)?;
        std::fs::rename(map, beside.join(name)).map_err(|error| error.to_string())?;
    }
    let output = task.folder().join("out");
    let plan = plan_inputs(&[input], &output, None, &options).map_err(|it| it.to_string())?;
    let network = cache
        .get(&folder, &manifest, choices.direction, choices.dropout)
        .map_err(|error| error.to_string())?;
    let mut network = network.borrow_mut();
    let sampling = SampleOptions {
        samples: choices.samples,
        seed: choices.seed,
    };
    let translator = network.translator(sampling);
    let translator = translator.ok_or("this style fills holes: paint one in Fill")?;
    let mut failure = None;
    let on_event = |event: Event<'_>| record(task, shared, event.file, &mut failure);
    run(&plan, translator, &options, task.stop_flag(), on_event).map_err(|it| it.to_string())?;
    failure.map_or(Ok(()), Err)
}

/// What became of a picture of a task.
pub(super) fn record(
    task: &Task,
    shared: &Shared,
    file: &FileReport,
    failure: &mut Option<String>,
) {
    match (&file.status, &file.output) {
        (Status::Done, Some(path)) => {
            let size = (file.width.unwrap_or(0), file.height.unwrap_or(0));
            let result = ResultFile {
                path: path.clone(),
                size,
                bytes: path.metadata().map_or(0, |data| data.len()),
            };
            let note = file.note.as_deref();
            task.add(result, note.map(|note| shared.redaction.clean(note)));
            shared.changed();
        }
        _ => *failure = file.error.clone().or(failure.take()),
    }
}

/// The style of a name.
///
/// # Errors
/// There is none, or it is damaged.
pub(super) fn style(
    name: &str,
    shared: &Shared,
) -> Result<(crate::style::StyleFolder, Manifest), String> {
    let folder = shared.styles.find(name);
    let folder = folder.ok_or_else(|| format!("there is no style `{name}`"))?;
    let manifest = Manifest::read(&folder).map_err(|error| error.to_string())?;
    Ok((folder, manifest))
}

/// Refuses choices that would change nothing.
///
/// # Errors
/// There are such.
pub(super) fn check(choices: &Choices, recipe: &Recipe, name: &str) -> Result<(), String> {
    let varies = recipe.has_several_looks();
    if choices.dropout && !has_dropout(recipe) {
        return Err(format!("the style `{name}` has no dropout"));
    }
    if choices.samples > 1 && !varies && !choices.dropout {
        return Err(format!(
            "the style `{name}` gives one translation of each picture"
        ));
    }
    Ok(())
}

/// The options of `translate apply` for these choices.
pub(super) fn options(
    choices: &Choices,
    files: FileChoices,
    manifest: &Manifest,
    limits: PictureLimits,
) -> ApplyOptions {
    let recipe = &manifest.recipe;
    let (size, restore) = size_and_restore(choices.size, choices.restore, manifest);
    ApplyOptions {
        size,
        half: choices.half,
        restore,
        instance_maps: recipe.mode == Mode::Pix2pixhd && recipe.data.instances,
        format: files.format,
        depth: files.depth,
        transparent: choices.transparent,
        quality: files.quality,
        range: recipe.data.value_range(),
        limits,
        samples: choices.samples,
        threads: 1,
        ..ApplyOptions::default()
    }
}

fn copy(file: &std::path::Path, folder: &std::path::Path) -> Result<std::path::PathBuf, String> {
    crate::files::create_folder(folder).map_err(|error| error.to_string())?;
    let target = folder.join(file.file_name().unwrap_or_default());
    std::fs::copy(file, &target).map_err(|error| error.to_string())?;
    Ok(target)
}
