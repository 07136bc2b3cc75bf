//! What a model says about itself.

use std::fmt::Write as _;

use super::message::{Dimension, StringStringEntryProto};
use super::network::{Holes, OnnxInput, OnnxNetwork};
use super::options::OnnxOptions;
use super::picture_maker::NoPicture;
use super::sizes::PictureSizes;
use crate::config::NormKind;
use crate::nn::NormStats;
use crate::style::file_precision::FilePrecision;

/// The property that says what the channels of an input are that is no mere picture.
const INPUT: &str = "input";

/// What goes in and comes out, for people.
pub(super) fn description(network: &OnnxNetwork<'_>, options: &OnnxOptions) -> String {
    let [channels, _] = network.channels;
    let scale = network.recipe.scale;
    let input = shape_text(&network.picture_shape(channels, options), scale);
    let output = shape_text(&network.output_shape(options), scale);
    let values = "values from -1 to 1: byte / 127.5 - 1";
    let mut text = match &network.input {
        OnnxInput::Pictures => format!(
            "Translates pictures. `input` is {input}, `output` is {output}, both with {values}."
        ),
        OnnxInput::Lightness => format!(
            "Gives grey pictures colours. `input` is {input}: L of CIE L*a*b*, L / 50 - 1. `output` is {output}: a / 110 and b / 110."
        ),
        OnnxInput::Maps(channels) => format!(
            "Translates label maps or pictures. `input` is {input}: {channels}. `output` is {output}. Pictures have {values}."
        ),
        OnnxInput::Holes(holes) => {
            let mask = shape_text(&network.picture_shape(1, options), scale);
            let part = if holes.output_side < holes.side {
                let first = (holes.side - holes.output_side) / 2;
                let last = first + holes.output_side - 1;
                format!("the middle of the picture, rows and columns {first} to {last}")
            } else {
                "the whole picture".to_owned()
            };
            format!(
                "Fills holes in pictures. `picture` is {input} with {values}. `mask` is {mask}: 1 in holes and 0 elsewhere; what the picture has in its holes does not matter. `output` is {output}, {part}, with values as in `picture`: take from it what is in the holes, and the rest from the picture."
            )
        }
        OnnxInput::NoPicture(NoPicture(maker)) => {
            let shape = |channels, side| {
                let shape = network.square_shape(channels, side, options);
                shape_text(&shape, 1)
            };
            maker.description(channels, &shape, &format!("{output} with {values}"))
        }
    };
    if network.recipe.keep_brightness > 0.0 || network.recipe.keep_contrast > 0.0 {
        text += " Brightness and contrast of the output are moved towards those of the input, over the whole picture: give it whole, not in tiles.";
    }
    if network.takes_code() {
        let code = shape_text(&network.code_shape(options), 1);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            " `code` is {code}: zeros for the mean of all looks, or numbers from the normal distribution for one of them."
        );
    }
    if options.size.is_none() && matches!(network.sizes(), PictureSizes::Multiples { .. }) {
        text += " Height and width are ";
        text += &network.sizes().text();
        text += ".";
    }
    if let OnnxInput::Holes(holes) = &network.input
        && holes.middle.is_some()
    {
        text += " It has learnt to fill ";
        text += &middle_text(holes);
        text += " alone: mark all of them in `mask`.";
    }
    text
}

fn shape_text(shape: &[Dimension; 4], scale: usize) -> String {
    let sizes = shape.each_ref().map(|size| match size {
        Dimension::Fixed(size) => size.to_string(),
        // Of a network that enlarges, which takes every size.
        Dimension::Named(name) if scale > 1 => name.clone(),
        // `4*height` is `height` with a rule that is said elsewhere.
        Dimension::Named(name) => name.rsplit('*').next().unwrap_or(name).to_owned(),
    });
    format!("[{}]", sizes.join(", "))
}

fn middle_text(holes: &Holes) -> String {
    match holes.middle {
        Some(middle) => format!(
            "the middle {middle} x {middle} pixels of {0} x {0}",
            holes.side
        ),
        None => "anywhere".to_owned(),
    }
}

/// The same for programs, and `more` keys with values.
pub(super) fn properties(
    network: &OnnxNetwork<'_>,
    options: &OnnxOptions,
    more: Vec<(&str, String)>,
) -> Vec<StringStringEntryProto> {
    let mut all = vec![
        ("architecture", network.recipe.arch.name().to_owned()),
        ("value_range", "-1 to 1".to_owned()),
    ];
    let (multiple, smallest) = match network.sizes() {
        PictureSizes::Multiples { of, min } => (of, min),
        PictureSizes::Square(side) => (side, side),
    };
    all.push(("size_multiple", multiple.to_string()));
    all.push(("smallest_size", smallest.to_string()));
    if network.recipe.scale > 1 {
        all.push(("scale", network.recipe.scale.to_string()));
    }
    if network.recipe.norm == NormKind::Batch {
        let statistics = match options.norm_stats {
            NormStats::Batch => "batch",
            NormStats::Running => "running",
        };
        all.push(("norm_stats", statistics.to_owned()));
    }
    if options.precision == FilePrecision::F16 {
        all.push(("precision", "f16".to_owned()));
    }
    if network.takes_code() {
        all.push(("code_length", network.recipe.latent.to_string()));
    }
    match &network.input {
        OnnxInput::Pictures => {}
        OnnxInput::Lightness => {
            all.push((INPUT, "L / 50 - 1".to_owned()));
            all.push(("output", "a / 110, b / 110".to_owned()));
        }
        OnnxInput::Maps(channels) => all.push((INPUT, channels.clone())),
        OnnxInput::Holes(holes) => {
            all.push(("holes", middle_text(holes)));
            all.push(("trained_size", holes.side.to_string()));
        }
        OnnxInput::NoPicture(NoPicture(maker)) => all.extend(maker.properties(network.channels[0])),
    }
    all.extend(more);
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: key.to_owned(),
        value,
    };
    all.into_iter().map(entry).collect()
}
