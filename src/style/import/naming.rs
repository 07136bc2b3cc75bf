//! The names that repositories give to the tensors of networks that are known here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::shapes::{Shapes, Unrecognized, last_index};

/// Tensors of the networks that are known, near their beginning; two of each network, should one be missing.
const LANDMARKS: [&str; 17] = [
    "model.model.0.weight",
    "model.model.1.model.1.weight",
    "model.1.weight",
    "model.10.conv_block.1.weight",
    "model.12.conv_block.1.weight",
    "model.16.conv_block.1.weight",
    "model.0.weight",
    "model.2.weight",
    "net.0.weight",
    "net.2.weight",
    "scale0_layer0.0.weight",
    "layer0.0.weight",
    "model1_1.1.weight",
    "model.down.0.weight",
    "model.submodule.down.1.weight",
    "conv_block3.conv_block.0.weight",
    "residual_blocks.0.conv_block1.conv_block.0.weight",
];

/// Who named the tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// The reference, whose names styles have.
    Reference,
    /// The reference, of a network that was saved without what stands here, as in `net.model.state_dict()`.
    Inside(&'static str),
    /// joliGEN, whose ResNets have an encoder and a decoder.
    TwoParts,
    /// joliGEN, whose ResNets with attention blend several pictures.
    Attention,
    /// PyTorch-GAN, whose ResNet has layers of their own for resizing.
    Resizing,
    /// PyTorch-GAN, whose U-Net names its levels.
    Levels,
}

impl Naming {
    /// Those by which networks are looked for first; one that stands within another's is not looked at.
    pub(super) const ALL: [Self; 5] = [
        Self::TwoParts,
        Self::Attention,
        Self::Resizing,
        Self::Levels,
        Self::Reference,
    ];
    /// Those that fit more than networks known here, for files in which nothing else is found.
    pub(super) const INNER: [Self; 3] = [
        Self::Inside("model."),
        Self::Inside("model.model."),
        Self::Inside("net."),
    ];

    /// Everything that stands before the names of a network so named.
    pub(super) fn prefixes<'a>(self, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let landmarks: Vec<&str> = match self {
            Self::Reference => LANDMARKS.to_vec(),
            Self::Inside(outer) => LANDMARKS
                .iter()
                .filter_map(|landmark| landmark.strip_prefix(outer))
                .collect(),
            Self::TwoParts => vec!["encoder.model.0.weight", "encoder.model.1.weight"],
            Self::Attention => vec!["deconv1_attention.weight"],
            Self::Resizing => vec!["model.10.block.1.weight", "model.10.block.5.weight"],
            Self::Levels => vec!["down1.model.0.weight"],
        };
        let before = |name: &str| {
            let found = landmarks.iter().filter_map(|landmark| {
                let prefix = name.strip_suffix(landmark)?;
                (prefix.is_empty() || prefix.ends_with('.')).then(|| prefix.to_owned())
            });
            found.collect::<Vec<_>>()
        };
        let mut prefixes: Vec<String> = names.flat_map(before).collect();
        // An outer network is tried before what looks like one inside it.
        prefixes.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        prefixes.dedup();
        prefixes
    }

    /// The names of the reference for each tensor of a network so named, from its name here.
    ///
    /// # Errors
    /// It is not such a network, or one that computes something else than any known here.
    pub(super) fn translate<'a>(
        self,
        shapes: &Shapes<'a>,
    ) -> Result<BTreeMap<String, Cow<'a, str>>, Unrecognized> {
        let rename: Box<dyn Fn(&str) -> String> = match self {
            Self::Reference => Box::new(ToOwned::to_owned),
            Self::Inside(outer) => Box::new(move |name| format!("{outer}{name}")),
            Self::TwoParts => Box::new(two_parts(shapes)?),
            Self::Resizing => Box::new(resizing(shapes)?),
            Self::Attention => {
                return unsupported(
                    "it is joliGEN's ResNet with attention, which blends several pictures by masks of its own, where the ResNets here \
                     give one",
                );
            }
            Self::Levels => return levels(shapes),
        };
        let names = shapes.0.keys();
        Ok(names.map(|name| (rename(name), name.clone())).collect())
    }
}

fn unsupported<T>(message: &str) -> Result<T, Unrecognized> {
    Err(Unrecognized::Unsupported(message.to_owned()))
}

/// The number at the beginning of a name, and what follows it.
fn split_index(name: &str) -> Option<(usize, &str)> {
    let end = name.find('.').unwrap_or(name.len());
    let (index, rest) = name.split_at(end);
    Some((index.parse().ok()?, rest))
}

/// `encoder.model.*` are the first layers of a sequence, `decoder.model.*` the last ones.
fn two_parts(shapes: &Shapes<'_>) -> Result<impl Fn(&str) -> String + 'static, Unrecognized> {
    let has = |part: &str| shapes.0.keys().any(|name| name.starts_with(part));
    let Some(last) = last_index(shapes, "encoder.model.", "conv_block.") else {
        return Err(Unrecognized::Unknown);
    };
    if !has("decoder.model.") {
        return Err(Unrecognized::Unknown);
    }
    if shapes.kernel("encoder.model.0").is_some() {
        return unsupported(
            "it is joliGEN's ResNet whose first convolution has no border, where the ResNets here mirror 3 pixels",
        );
    }
    if shapes
        .0
        .keys()
        .any(|name| name.contains(".conv_block.1.conv"))
    {
        return unsupported(
            "it is joliGEN's mobile ResNet, whose blocks have separable convolutions, where the ResNets here have full ones",
        );
    }
    if shapes.kernel("decoder.model.6").is_some() {
        return unsupported(
            "it is joliGEN's ResNet whose last convolution has a border of zeros, where the ResNets here mirror 3 pixels",
        );
    }
    Ok(move |name: &str| {
        let decoded = name.strip_prefix("decoder.model.").and_then(split_index);
        match (decoded, name.strip_prefix("encoder.")) {
            (Some((index, rest)), _) => {
                format!("model.{}{rest}", index.saturating_add(last + 1))
            }
            (None, Some(name)) => name.to_owned(),
            (None, None) => name.to_owned(),
        }
    })
}

/// On the way up each convolution comes after a resizing layer, which takes an index.
fn resizing(shapes: &Shapes<'_>) -> Result<impl Fn(&str) -> String + 'static, Unrecognized> {
    let Some(last) = last_index(shapes, "model.", "block.") else {
        return Err(Unrecognized::Unknown);
    };
    if let Some([_, channels, ..]) = shapes.kernel("model.1")
        && channels != 3
    {
        return Err(Unrecognized::Unsupported(format!(
            "it is the ResNet of PyTorch-GAN's CycleGAN for pictures of {channels} channels, whose first convolution mirrors {channels} \
             pixels, where the ResNets here mirror 3"
        )));
    }
    Ok(move |name: &str| {
        let Some((index, rest)) = name.strip_prefix("model.").and_then(split_index) else {
            return name.to_owned();
        };
        if let Some(inner) = rest.strip_prefix(".block.") {
            return format!("model.{index}.conv_block.{inner}");
        }
        // Two upsamplings of four layers: resizing, convolution, norm, activation.
        let resized = match index.checked_sub(last + 1) {
            None => 0,
            Some(0..4) => 1,
            Some(_) => 2,
        };
        format!("model.{}{rest}", index - resized)
    })
}

fn levels<T>(shapes: &Shapes<'_>) -> Result<T, Unrecognized> {
    let [.., kernel] = shapes.kernel("down1.model.0").unwrap_or_default();
    if !shapes.0.keys().any(|name| name.starts_with("up1.model.")) {
        return Err(Unrecognized::Unknown);
    }
    if kernel == 3 {
        return unsupported(
            "it is a U-Net of PyTorch-GAN, whose convolutions on the way down are 3 x 3, where those of the U-Nets here are 4 x 4",
        );
    }
    unsupported(
        "it is the U-Net of PyTorch-GAN's pix2pix, which passes what comes from the way down on to the way up without another ReLU, \
         where the U-Nets here have one",
    )
}
