//! A folder through a network. Single pictures that come meanwhile go first.

use super::cache::{SharedNetwork, StyleCache};
use super::translation::{check, options, style};
use crate::apply::{
    ApplyError, ApplyOptions, Event, FillWindow, Filler, HoleSupport, MapSpec, MaskLookup,
    MaskSource, Plan, RowAccess, SampleOptions, Summary, Translator, fill, plan_inputs, run,
};
use crate::config::{Colours, Mode};
use crate::data::MaskThreshold;
use crate::kernels::DeviceMemory;
use crate::nn::BandLimits;
use crate::picture::KeptShares;
use crate::serve::jobs::Job;
use crate::serve::state::Shared;

/// What the thread does between two pictures of a folder.
pub(super) trait Between {
    /// The styles that are loaded.
    fn cache(&mut self) -> &mut StyleCache;

    /// Does all single pictures that wait.
    fn serve_waiting(&mut self);
}

/// Translates the folder of a job.
///
/// # Errors
/// Why nothing more can be done, with paths.
pub(super) fn translate_folder(
    job: &Job,
    between: &mut dyn Between,
    shared: &Shared,
) -> Result<(), String> {
    let asked = job.choices();
    let (folder, manifest) = style(job.style(), shared)?;
    let recipe = &manifest.recipe;
    let fills = recipe.mode == Mode::Inpaint;
    if fills != asked.masks.is_some() {
        return Err(if fills {
            "this style fills holes: name a folder of masks".to_owned()
        } else {
            "this style takes no masks".to_owned()
        });
    }
    check(&asked.choices, recipe, job.style())?;
    let options = ApplyOptions {
        existing: asked.existing,
        threads: shared.threads,
        ..options(
            &asked.choices,
            asked.files,
            &manifest,
            shared.pictures.limits(),
        )
    };
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let inputs = [asked.input.clone()];
    let mut plan = plan_inputs(&inputs, &asked.output, None, &options).map_err(|it| text(&it))?;
    check_places(&mut plan, shared)?;
    job.plan(plan.len());
    shared.changed();
    let network = between
        .cache()
        .get(&folder, &manifest, asked.choices.direction, false)
        .map_err(|error| text(&error))?;
    let on_event = |event: Event<'_>| {
        job.add(event.file, |message| shared.redaction.clean(message));
        shared.changed();
    };
    let mut network = Interleaved {
        network,
        sampling: SampleOptions {
            samples: 1,
            seed: asked.choices.seed,
        },
        between,
    };
    let stop = job.stop_flag();
    let summary: Result<Summary, ApplyError> = match &asked.masks {
        None => run(&plan, &mut network, &options, stop, on_event),
        Some(masks) => {
            let source = MaskSource::Path(masks.clone());
            let masks = MaskLookup::open(&source, MaskThreshold::default(), options.limits);
            let masks = masks.map_err(|error| text(&error))?;
            fill(
                &plan,
                &masks,
                &mut network,
                asked.how,
                &options,
                stop,
                on_event,
            )
        }
    };
    summary.map(|_| ()).map_err(|error| text(&error))
}

/// Refuses pictures that are links out of the roots, and folders in which other links lead there.
fn check_places(plan: &mut Plan, shared: &Shared) -> Result<(), String> {
    for picture in plan.pictures() {
        // Below a linked folder the names alone would tell what lies elsewhere.
        let paths = [picture.input.parent(), picture.task.output()];
        if let Some(path) = paths
            .into_iter()
            .flatten()
            .find(|it| !shared.roots.hold(it))
        {
            return Err(format!(
                "`{}` is a link that leads out of the roots",
                path.display()
            ));
        }
    }
    // Which of both it is would tell what there is elsewhere.
    plan.refuse(|picture| {
        let is_held = shared.roots.hold(&picture.input);
        (!is_held).then_some("is a link that leads nowhere or out of the roots")
    });
    Ok(())
}

/// A network that lets single pictures pass before each of its own.
struct Interleaved<'a> {
    network: SharedNetwork,
    sampling: SampleOptions,
    between: &'a mut dyn Between,
}

impl Interleaved<'_> {
    fn with<T>(&self, ask: impl FnOnce(&mut dyn Translator) -> T) -> T {
        let mut network = self.network.borrow_mut();
        let translator = network.translator(self.sampling);
        ask(translator.expect("a style that fills holes was refused"))
    }
}

impl Translator for Interleaved<'_> {
    fn input_channels(&self) -> usize {
        self.with(|network| network.input_channels())
    }

    fn output_channels(&self) -> usize {
        self.with(|network| network.output_channels())
    }

    fn multiple(&self) -> usize {
        self.with(|network| network.multiple())
    }

    fn smallest(&self) -> usize {
        self.with(|network| network.smallest())
    }

    fn scale(&self) -> usize {
        self.with(|network| network.scale())
    }

    fn colours(&self) -> Colours {
        self.with(|network| network.colours())
    }

    fn kept(&self) -> KeptShares {
        self.with(|network| network.kept())
    }

    fn maps(&self) -> Option<MapSpec> {
        self.with(|network| network.maps())
    }

    fn translate(
        &mut self,
        values: Vec<f32>,
        height: usize,
        width: usize,
        index: u64,
    ) -> Result<Vec<f32>, String> {
        self.between.serve_waiting();
        self.with(|network| network.translate(values, height, width, index))
    }

    fn translate_together(
        &mut self,
        pictures: &[(u64, Vec<f32>)],
        height: usize,
        width: usize,
    ) -> Result<Vec<Vec<f32>>, String> {
        self.between.serve_waiting();
        self.with(|network| network.translate_together(pictures, height, width))
    }

    fn joint_pixels(&self) -> usize {
        self.with(|network| network.joint_pixels())
    }

    fn tile_batch_size(&self, pixels: usize) -> usize {
        self.with(|network| network.tile_batch_size(pixels))
    }

    fn bytes_per_pixel(&self) -> Option<f64> {
        self.with(|network| network.bytes_per_pixel())
    }

    fn most_whole(&self) -> u64 {
        self.with(|network| network.most_whole())
    }

    fn device_memory(&self) -> Option<DeviceMemory> {
        self.with(|network| network.device_memory())
    }

    fn translate_in_bands(
        &mut self,
        rows: &mut dyn RowAccess,
        limits: &BandLimits,
        index: u64,
    ) -> Result<(), String> {
        self.between.serve_waiting();
        self.with(|network| network.translate_in_bands(rows, limits, index))
    }
}

impl Filler for Interleaved<'_> {
    fn channels(&self) -> usize {
        self.filler(|network| network.channels())
    }

    fn side(&self) -> usize {
        self.filler(|network| network.side())
    }

    fn reach(&self) -> HoleSupport {
        self.filler(|network| network.reach())
    }

    fn feather(&self) -> usize {
        self.filler(|network| network.feather())
    }

    fn batch_size(&self) -> usize {
        self.filler(|network| network.batch_size())
    }

    fn fill(&mut self, windows: Vec<FillWindow>) -> Result<Vec<Vec<f32>>, String> {
        self.between.serve_waiting();
        self.filler(|network| network.fill(windows))
    }
}

impl Interleaved<'_> {
    fn filler<T>(&self, ask: impl FnOnce(&mut dyn Filler) -> T) -> T {
        let mut network = self.network.borrow_mut();
        ask(network
            .filler()
            .expect("a style that fills no holes was refused"))
    }
}
