//! Section `[data]`: pictures and their preprocessing.

use serde::{Deserialize, Serialize};

use crate::config::colours::Colours;
use crate::config::conditioning::ClassSource;
use crate::config::degradation::Degradation;
use crate::config::options::{Direction, MaskKind, Pages, Preprocess, UnlabelledKind};

/// Section `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// Folder of the data set; empty for the sample in the program.
    pub root: String,
    /// Which side is the input.
    pub direction: Direction,
    /// How pictures are transformed to the training size.
    pub preprocess: Preprocess,
    /// Side (or width) that pictures are resized to before cropping, in pixels.
    pub load_size: usize,
    /// Side of the square crop, in pixels.
    pub crop_size: usize,
    /// Mirror pictures left to right at random.
    pub flip: bool,
    /// Draw a new order in every epoch; otherwise pictures are sorted by name.
    pub shuffle: bool,
    /// Pictures per step.
    pub batch_size: usize,
    /// Pictures of the batch that reference and virtual batch normalisation take their statistics from.
    #[serde(default = "usual_reference_batch")]
    pub reference_batch: usize,
    /// Threads that decode and prepare pictures.
    pub workers: usize,
    /// How inputs are made of their targets; empty where the data set has both (pix2pix).
    pub degrade: Vec<Degradation>,
    /// Standard deviation of the blur, lowest and highest, in pixels (pix2pix).
    pub blur: Vec<f64>,
    /// Standard deviation of the noise, lowest and highest, in levels of 255 (pix2pix).
    pub noise: Vec<f64>,
    /// What the channels of pictures are (pix2pix).
    pub colours: Colours,
    /// Use only this many pictures of each side, the first ones; 0 for all.
    pub max_images: usize,
    /// Which numbers of pictures that are not of 8 bits are black and white, `[low, high]`; empty for all that 16 bits have.
    pub range: Vec<f64>,
    /// Pages of files that have several.
    pub pages: Pages,
    /// Channels of the generator's input (domain A in mode cycle): 3 for colour, 1 for grey, others for TIFF files of as many bands.
    pub input_channels: usize,
    /// Channels of the generator's output (domain B in mode cycle): 3 for colour, 1 for grey, others for TIFF files of as many bands.
    pub output_channels: usize,
    /// Number of classes of the label maps; 0 where the inputs are pictures (pix2pixhd).
    pub classes: usize,
    /// Id of the pixels that belong to no class, such as 255; none where all pixels are labelled (pix2pixhd).
    pub unlabelled: Option<u32>,
    /// What the networks are shown of such pixels (pix2pixhd).
    pub unlabelled_as: UnlabelledKind,
    /// Colours of label maps and their classes: a file, or its text; empty for maps that hold ids (pix2pixhd).
    pub palette: String,
    /// Show the networks the boundaries of instances, if the data set has instance maps (pix2pixhd).
    pub instances: bool,
    /// Holes to learn from (inpaint).
    pub masks: MaskKind,
    /// Folder of mask files, for `masks = "folder"`; empty for `masks/` in the data set (inpaint).
    pub mask_folder: String,
    /// Share of white from which on a pixel of a mask file is a hole (inpaint).
    pub mask_threshold: f64,
    /// Where the classes of pictures come from (generate, vae).
    pub classes_from: ClassSource,
    /// Names of the classes; empty until they are taken from the data (generate, vae).
    pub class_names: Vec<String>,
    /// Name of the file beside the pictures of each split that has a vector for each of them; empty for none (generate, vae).
    pub embeddings: String,
    /// Numbers of such a vector; 0 until the file has been read (generate, vae).
    pub embedding_length: usize,
}

impl DataRecipe {
    /// Black and white of pictures that are not of 8 bits, if they are not all that 16 bits have.
    pub fn value_range(&self) -> Option<[f64; 2]> {
        self.range.first_chunk().copied()
    }
}

/// Pictures of a reference batch.
pub(in crate::config) fn usual_reference_batch() -> usize {
    8
}
