//! Mistakes on the command line that the parser cannot see.

use std::path::PathBuf;

use crate::evaluate::Metric;
use crate::picture::Amount;

/// A command line that makes no sense as a whole.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// A style was asked for something that it cannot do.
    #[error(transparent)]
    OfStyle(anyhow::Error),
    /// Nothing says how to train.
    #[error(
        "say how to train: `--mode pix2pix` for pairs of pictures, `--mode cycle` or `--mode contrastive` for two piles of pictures, `--mode pix2pixhd` for label maps and large pictures, `--mode inpaint` to fill holes in photos, `--mode generate` or `--mode vae` for pictures from noise"
    )]
    NoMode,
    /// Gradients are to go from GPU to GPU, and there are none.
    #[error("`--exchange nccl` is for `--device libtorch-cuda`, and this is {0}: leave it out")]
    NoGpus(String),
    /// The style to resume does not exist.
    #[error("there is no style `{name}` to resume{}", instead(nearest.as_deref(), known))]
    NothingToResume {
        /// Name.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// Names that exist.
        known: Vec<String>,
    },
    /// Nothing says which style to resume.
    #[error("{}", which(unfinished, known))]
    WhichToResume {
        /// Styles that are not finished.
        unfinished: Vec<String>,
        /// All styles.
        known: Vec<String>,
    },
    /// Fewer epochs than the run to resume has.
    #[error(
        "`--epochs {asked}` with `--resume` is less than the {has} epochs of the recipe: a larger number adds epochs, `--steps` stops earlier"
    )]
    FewerEpochs {
        /// Epochs of the recipe.
        has: usize,
        /// Epochs asked for.
        asked: usize,
    },
    /// Fewer steps than an unfinished run has done.
    #[error(
        "`--steps {asked}` with `--resume` is less than the {done} steps that are done: it is their number in all; leave it out to go on to the end"
    )]
    FewerSteps {
        /// Steps done.
        done: u64,
        /// Steps asked for.
        asked: u64,
    },
    /// A run that went on until it got no better is to go further.
    #[error(
        "the run of `{name}` is over, since {evaluations} evaluations were no better (`train.stop_after`): begin another with its weights, `translate train --init-from {name} --name NAME`"
    )]
    EndedEarly {
        /// The style.
        name: String,
        /// Evaluations that were no better.
        evaluations: u64,
    },
    /// Standard input has one picture.
    #[error(
        "the style `{0}` needs an instance map with each label map, and standard input has one picture: name the files"
    )]
    NeedsMaps(String),
    /// A metric of pairs for a training without pairs.
    #[error(
        "`train.metrics`: {0} compares pictures of the same scene, and the data of this mode has none: choose among swd, colour, diversity, fid, kid, is, precision, recall, density, coverage"
    )]
    NoPairs(Metric),
    /// The name is taken.
    #[error("there is already a style `{name}` in `{}`: go on with `--resume`, replace it with `--overwrite`, or choose another `--name`", folder.display())]
    NameTaken {
        /// Name.
        name: String,
        /// Its folder.
        folder: PathBuf,
    },
    /// Nobody is there to be asked.
    #[error("deleting the style `{0}` must be confirmed: add `--yes`")]
    Unconfirmed(String),
    /// A style that cannot be removed.
    #[error(
        "the style `{0}` is part of the program and cannot be removed; a style of your own of the same name takes its place"
    )]
    RemovesBuiltin(String),
    /// A style that has no run to resume.
    #[error(
        "the style `{0}` is part of the program and has no run to resume: `translate train --init-from {0} --name NAME --data DIR` trains one that starts with its weights"
    )]
    ResumesBuiltin(String),
    /// There is an earlier demo.
    #[error("`{}` has the results of an earlier demo: replace them with `--overwrite`, or choose another `--output`", .0.display())]
    EarlierDemo(PathBuf),
    /// A folder that no demo has made.
    #[error("`{}` is not the folder of an earlier demo: choose another `--output`", .0.display())]
    NotADemo(PathBuf),
    /// Masks of no size.
    #[error("masks have no size to keep: give --size 256 or --size 640x480")]
    NoMaskSize,
    /// Translations to compare, without what they are to be like.
    #[error("`{}` is a folder: give the folder of real pictures with --real, or a report of `evaluate --report FILE.json`", .0.display())]
    NeedsReal(PathBuf),
    /// Pictures that hold both pictures of a pair.
    #[error("`{}` looks like the side-by-side pairs that `{style}` was trained on: say which half to translate with `--side left` or `--side right`, or `--side whole` if it is one picture", picture.display())]
    Pairs {
        /// The first of them.
        picture: PathBuf,
        /// Style.
        style: String,
    },
    /// A file would be replaced.
    #[error("`{}` exists already: add --overwrite to replace such files, or choose another --output", .0.display())]
    FileExists(PathBuf),
    /// A sheet that is no PNG file.
    #[error("`{}` is no name of a PNG file, and --grid makes one: end it in .png", .0.display())]
    NoSheet(PathBuf),
    /// Pictures in place of a folder of them.
    #[error("`{}` is called like a picture, and pictures go into a folder: name one, or put all on one picture with --grid", .0.display())]
    NoFolder(PathBuf),
    /// Results that are no pictures, called like one.
    #[error("`{}` is called like a picture, and what would be written is none: give it another extension", .0.display())]
    CalledLikeAPicture(PathBuf),
    /// Lines of JSON, called like a file of numbers.
    #[error("`{}` is called like a file of numbers, and what would be written is lines of JSON: give it the extension jsonl", .0.display())]
    CalledLikeNumbers(PathBuf),
    /// A sheet or an animation that has to be made in memory, and has no room there.
    #[error(
        "{count} pictures of {side}x{side} are too many for one file: make at most {most}, or a folder of them without --grid"
    )]
    TooManyForOne {
        /// Pictures asked for.
        count: u32,
        /// Pixels of a side.
        side: u32,
        /// Most pictures.
        most: u32,
    },
    /// A report that is a folder.
    #[error("`{}` is a folder: name a file in it", .0.display())]
    ReportIsAFolder(PathBuf),
    /// A report would take the place of a file that is none by its name.
    #[error("`{}` exists, and is no report by its name: give the report the extension json or html, or choose another name", .0.display())]
    NoReport(PathBuf),
    /// A report would take the place of a file of another kind.
    #[error("`{}` exists, and evaluate has not written it: choose another name, or remove it", .0.display())]
    OtherFile(PathBuf),
    /// Codes for standard output.
    #[error("codes go into a file: name one in place of `-`")]
    NoStandardOutput,
    /// Pictures would be replaced by those that are made of them.
    #[error("`{}` is one of the pictures that are encoded: choose another folder for --decoded", .0.display())]
    ReplacesInput(PathBuf),
    /// A latent code that is set twice.
    #[error(
        "latent code {0} is set more than once: leave out one `--code`, or the `--sweep` of it"
    )]
    CodeTwice(u32),
    /// Options for scores that are to be measured, where measured ones are compared.
    #[error(
        "`{0}` is for pictures, and reports have been measured already: leave it out, or compare the folders"
    )]
    NotOfReports(&'static str),
    /// Runs that were measured in different ways.
    #[error(
        "`{}` is measured where masks are white alone, and `{}` all over: measure both with --mask, or both without", masked.display(), whole.display()
    )]
    OneMasked {
        /// The run that is measured within masks.
        masked: PathBuf,
        /// The one that is not.
        whole: PathBuf,
    },
    /// Steps of a search that there is none of.
    #[error(
        "`--steps` is for styles of mode generate, and `{0}` has an encoder, which searches nothing: leave it out"
    )]
    SearchesNothing(String),
    /// Codes of a style that is told vectors, which pictures alone do not have.
    #[error(
        "the style `{0}` is told a vector of each picture, and pictures are encoded without: take a style that is not"
    )]
    ToldVectors(String),
    /// A bound of a style without an encoder.
    #[error("`--bound` is for styles of mode vae, and `{0}` has no encoder: leave it out")]
    NoBound(String),
    /// A file for pictures in an animation, for something else.
    #[error("`{}` would be an animation, and {not_with} asks for something else: leave one of them out", output.display())]
    Animation {
        /// The file.
        output: PathBuf,
        /// The option.
        not_with: &'static str,
    },
    /// Halves for a style that has no use for them.
    #[error("`--side` is for styles of mode pix2pix and cycle, and `{0}` is none: leave it out")]
    NoSides(String),
    /// A folder of this name that is no style.
    #[error("`{}` exists and is not a style: choose another `--name`", .0.display())]
    NotAStyle(PathBuf),
    /// Several samples of a style that always gives the same.
    #[error(
        "`--samples` and `--seed` change nothing for the style `{0}`: it has no latent code and no instance features, and `--dropout` is off"
    )]
    NothingToSample(String),
    /// Looks on the way between two of a style that has one.
    #[error("`--interpolate` is for styles with a latent code, and `{0}` has none")]
    NothingToInterpolate(String),
    /// Dropout in a network that has none.
    #[error("`--dropout on` changes nothing for the style `{0}`: its network has no dropout")]
    NoDropout(String),
    /// A quality for files that are no JPEG files.
    #[error("`--quality` changes nothing here: it is for translations that are JPEG files")]
    NoQuality,
    /// A size that the limit forbids.
    #[error(
        "`--size {width}x{height}` has more than {most} pixels: `--max-pixels` raises the limit"
    )]
    SizeTooLarge {
        /// Width.
        width: u32,
        /// Height.
        height: u32,
        /// The most pixels.
        most: Amount,
    },
    /// Bands and dropout.
    #[error(
        "`--tile N` cannot go with `--dropout on`, which falls on the whole picture, or with `--precision bf16` on libtorch: add `--overlap` for tiles that are translated on their own, or leave one of them out"
    )]
    NoBands,
    /// Tiles that overlap by more than half.
    #[error("tiles of {side} pixels cannot overlap by {overlap}: half of a tile is the most")]
    Overlap {
        /// Side of a tile.
        side: usize,
        /// What was asked for.
        overlap: usize,
    },
    /// An overlap without tiles.
    #[error("`--overlap` needs the size of the tiles: `--tile 512 --overlap 64`")]
    OverlapOfNothing,
    /// The margin of the centre, for masks of another shape.
    #[error("`--overlap` changes nothing with `--kind {0}`: it is for `--kind centre`")]
    OverlapWithoutCentre(&'static str),
    /// The run to resume has learnt from instance maps, which are gone.
    #[error(
        "the run to resume was shown instance maps, and `{0}` has no folder `train_inst/`: put it back, or name the folder that has it with `--data`"
    )]
    NoInstances(String),
    /// The recipe is not that of the run to resume.
    #[error("the recipe is not that of the run to resume:\n  {}\nleave these settings out, or start a new style with `--init-from {}`", lines.join("\n  "), folder.display())]
    OtherRecipe {
        /// One line for each key that differs.
        lines: Vec<String>,
        /// Folder of the style.
        folder: PathBuf,
    },
    /// An option that another has no use for.
    #[error("`{option}` has no effect with `{with}`: leave it out")]
    NoEffect {
        /// Option.
        option: &'static str,
        /// The other, with its value.
        with: String,
    },
}

fn instead(nearest: Option<&str>, known: &[String]) -> String {
    match (nearest, known) {
        (Some(nearest), _) => {
            format!(": did you mean `{nearest}`? A new one needs another name, or no `--resume`")
        }
        (None, []) => ", nor any other: start one with `--mode`".to_owned(),
        (None, known) => format!("; there are: {}", known.join(", ")),
    }
}

fn which(unfinished: &[String], known: &[String]) -> String {
    match (unfinished, known) {
        ([], []) => {
            "there is no style to resume: start one with `translate train --mode`".to_owned()
        }
        ([], known) => format!(
            "every style is finished ({}): `--resume --name NAME --epochs N` trains one further",
            known.join(", ")
        ),
        (several, _) => format!(
            "say which style to resume with `--name`; not finished are: {}",
            several.join(", ")
        ),
    }
}
