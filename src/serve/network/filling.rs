//! One photo whose hole is filled, as `translate apply --mask` does it.

use super::cache::StyleCache;
use super::translation::{record, style};
use crate::apply::{ApplyOptions, Event, MaskLookup, MaskSource, fill, plan_inputs};
use crate::data::MaskThreshold;
use crate::serve::state::Shared;
use crate::serve::tasks::{FileChoices, Filling, Task};

/// Fills the hole of a task's photo into its folder.
///
/// # Errors
/// A message for the person whose photo it is, with paths.
pub(super) fn fill_hole(
    task: &Task,
    filling: &Filling,
    cache: &mut StyleCache,
    shared: &Shared,
) -> Result<(), String> {
    let (folder, manifest) = style(&filling.style, shared)?;
    let limits = shared.pictures.limits();
    let FileChoices {
        format,
        depth,
        quality,
    } = filling.files;
    let options = ApplyOptions {
        format,
        depth,
        quality,
        limits,
        threads: 1,
        ..ApplyOptions::default()
    };
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let source = MaskSource::Path(filling.mask.path());
    let masks = MaskLookup::open(&source, MaskThreshold::default(), limits);
    let masks = masks.map_err(|error| text(&error))?;
    let output = task.folder().join("out");
    let plan = plan_inputs(&[filling.picture.path()], &output, None, &options);
    let plan = plan.map_err(|error| text(&error))?;
    let network = cache.get(&folder, &manifest, None, false);
    let network = network.map_err(|error| text(&error))?;
    let mut network = network.borrow_mut();
    let filler = network.filler();
    let filler = filler.ok_or("this style translates pictures: choose one that fills holes")?;
    let mut failure = None;
    let on_event = |event: Event<'_>| record(task, shared, event.file, &mut failure);
    let stop = task.stop_flag();
    fill(&plan, &masks, filler, filling.how, &options, stop, on_event)
        .map_err(|error| text(&error))?;
    failure.map_or(Ok(()), Err)
}
