//! Where the masks of photos come from.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use image::DynamicImage;

use super::photo::{colour_key_mask, transparent};
use crate::apply::error::ApplyError;
use crate::apply::plan::Plan;
use crate::apply::reading::unreadable;
use crate::data::{
    DataError, Mask, MaskFile, MaskThreshold, differ_by_case, pair_name, require_pictures,
};
use crate::files::resolved;
use crate::picture::{PictureError, PictureLimits};

/// What says where the holes of photos are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskSource {
    /// A mask for all photos, or a folder with a mask for each.
    Path(PathBuf),
    /// Each photo's own transparency.
    Alpha,
    /// A colour that has been painted over what is to go.
    Colour([u8; 3]),
}

/// A source of masks that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a colour: write color:#rrggbb, such as color:#ff00ff")]
pub struct MaskSourceError(String);

impl FromStr for MaskSource {
    type Err = MaskSourceError;

    fn from_str(text: &str) -> Result<Self, MaskSourceError> {
        if text == "alpha" {
            return Ok(Self::Alpha);
        }
        let colour = text
            .strip_prefix("color:")
            .or_else(|| text.strip_prefix("colour:"));
        let Some(colour) = colour else {
            return Ok(Self::Path(text.into()));
        };
        let digits = colour.strip_prefix('#').unwrap_or(colour);
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(MaskSourceError(text.to_owned()));
        }
        let level = |start: usize| {
            // Two hexadecimal digits make a byte.
            u8::from_str_radix(&digits[start..start + 2], 16).unwrap_or_default()
        };
        Ok(Self::Colour([level(0), level(2), level(4)]))
    }
}

/// Masks that cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum MaskError {
    /// The path is not there.
    #[error("`{}` does not exist: give a mask, a folder of masks, alpha, or a colour such as color:#ff00ff", .0.display())]
    NotFound(PathBuf),
    /// The folder of masks cannot be used.
    #[error(transparent)]
    Folder(#[from] DataError),
    /// The mask for all photos cannot be read.
    #[error(transparent)]
    Unreadable(#[from] PictureError),
    /// Two masks have the stem of one photo.
    #[error("`{}` and `{}` are both masks of `{stem}`{}: remove or rename one", first.display(), second.display(), forms(first, second))]
    Ambiguous {
        /// What both are called, without the extension.
        stem: String,
        /// One mask.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

/// Says so where names that are not the same look the same.
fn forms(first: &Path, second: &Path) -> &'static str {
    if first.with_extension("") == second.with_extension("") {
        ""
    } else {
        ", written in two Unicode forms"
    }
}

/// Masks that are ready to be asked for.
#[derive(Debug)]
pub struct MaskLookup {
    kind: Kind,
    threshold: MaskThreshold,
    limits: PictureLimits,
}

/// The mask of a photo.
#[derive(Debug, Clone)]
pub(super) struct PhotoMask {
    pub(super) mask: Arc<Mask>,
    /// What should be known about it.
    pub(super) note: Option<String>,
}

#[derive(Debug)]
enum Kind {
    One(PathBuf, PhotoMask),
    Folder(PathBuf, HashMap<String, PathBuf>),
    Alpha,
    Colour([u8; 3]),
}

impl MaskLookup {
    /// Reads the mask for all photos, or lists the folder. Grey from `threshold` on is a hole. No mask is larger than `limits`.
    ///
    /// # Errors
    /// There are none, or they cannot be used.
    pub fn open(
        source: &MaskSource,
        threshold: MaskThreshold,
        limits: PictureLimits,
    ) -> Result<Self, MaskError> {
        let kind = match source {
            MaskSource::Alpha => Kind::Alpha,
            MaskSource::Colour(colour) => Kind::Colour(*colour),
            MaskSource::Path(path) if path.is_dir() => {
                let mut masks: HashMap<String, PathBuf> = HashMap::new();
                for file in require_pictures(path)? {
                    let stem = file.pair_name();
                    if let Some(first) = masks.insert(stem.clone(), file.path.clone()) {
                        return Err(MaskError::Ambiguous {
                            stem,
                            first,
                            second: file.path,
                        });
                    }
                }
                Kind::Folder(path.clone(), masks)
            }
            MaskSource::Path(path) if path.exists() => {
                let mask = MaskFile::read(path, threshold, limits)?;
                Kind::One(path.clone(), mask.into())
            }
            MaskSource::Path(path) => return Err(MaskError::NotFound(path.clone())),
        };
        Ok(Self {
            kind,
            threshold,
            limits,
        })
    }

    /// Refuses outputs that would replace masks, or be masks the next time.
    ///
    /// # Errors
    /// The first such output of the plan.
    pub(super) fn ensure_kept(&self, plan: &Plan) -> Result<(), ApplyError> {
        let replaced = |masks: &Path, output: PathBuf| {
            Err(ApplyError::ReplacesMasks {
                masks: masks.to_owned(),
                output,
            })
        };
        let pictures = plan.pictures();
        let mut outputs = pictures.filter_map(|picture| picture.task.output().map(Path::to_owned));
        match &self.kind {
            Kind::Alpha | Kind::Colour(_) => Ok(()),
            Kind::One(mask, _) => {
                let real = resolved(mask);
                let same = outputs.find(|output| {
                    output.file_name() == real.file_name() && resolved(output) == real
                });
                same.map_or(Ok(()), |output| replaced(mask, output))
            }
            Kind::Folder(folder, masks) => {
                let real = resolved(folder);
                // What links lead to would be lost, too.
                let links = masks.values().filter(|mask| mask.is_symlink());
                let linked: HashSet<PathBuf> = links.map(|mask| resolved(mask)).collect();
                let mut seen = HashSet::new();
                let inside = outputs.find(|output| {
                    let parent = output.parent().unwrap_or(Path::new(""));
                    let is_new = seen.insert(parent.to_owned());
                    (is_new && resolved(parent).starts_with(&real))
                        || (!linked.is_empty() && linked.contains(&resolved(output)))
                });
                inside.map_or(Ok(()), |output| replaced(folder, output))
            }
        }
    }

    /// What is said of a photo without holes.
    pub(super) fn nothing(&self) -> String {
        match &self.kind {
            Kind::Alpha => "no pixel of it is transparent".to_owned(),
            Kind::Colour([red, green, blue]) => {
                format!("no pixel of it has the colour #{red:02x}{green:02x}{blue:02x}")
            }
            Kind::One(..) | Kind::Folder(..) => "its mask is empty".to_owned(),
        }
    }

    /// The mask of `photo`, the file at `path`; `relative` is its place below the input.
    ///
    /// # Errors
    /// A message that says what is wrong with the mask or that there is none.
    pub(super) fn of(
        &self,
        photo: &DynamicImage,
        path: &Path,
        relative: &Path,
    ) -> Result<PhotoMask, String> {
        let (mask, name) = match &self.kind {
            Kind::Alpha => {
                let mask = transparent(photo).ok_or_else(|| {
                    format!(
                        "`{}` has no transparency: nothing says what is to be filled",
                        path.display()
                    )
                })?;
                return Ok(mask.into());
            }
            Kind::Colour(colour) => return Ok(colour_key_mask(photo, *colour).into()),
            Kind::One(name, mask) => (mask.clone(), name),
            Kind::Folder(folder, masks) => {
                let stem = stem(relative);
                let name = pair_name(&stem);
                let name = masks.get(&name).ok_or_else(|| {
                    let near = masks.iter().find(|(other, _)| differ_by_case(&name, other));
                    let near = near.map_or(String::new(), |(_, near)| {
                        format!(
                            "; `{}` differs in large and small letters: give both one name",
                            near.display()
                        )
                    });
                    format!(
                        "`{}` has no mask: there is no picture `{stem}` in `{}`{near}",
                        path.display(),
                        folder.display()
                    )
                })?;
                let mask = MaskFile::read(name, self.threshold, self.limits).map_err(unreadable)?;
                (mask.into(), name)
            }
        };
        let (width, height) = mask.mask.size();
        let size = (photo.width() as usize, photo.height() as usize);
        if (width, height) != size {
            return Err(format!(
                "`{}` is {}x{}, but its mask `{}` is {width}x{height}: they must have one size",
                path.display(),
                size.0,
                size.1,
                name.display()
            ));
        }
        Ok(mask)
    }
}

impl From<Mask> for PhotoMask {
    fn from(mask: Mask) -> Self {
        Self {
            mask: Arc::new(mask),
            note: None,
        }
    }
}

impl From<MaskFile> for PhotoMask {
    fn from(MaskFile { mask, note }: MaskFile) -> Self {
        Self {
            mask: Arc::new(mask),
            note,
        }
    }
}

/// The path without its extension, with `/` between its parts.
fn stem(relative: &Path) -> String {
    let parts = relative.with_extension("");
    let parts: Vec<_> = parts
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        let source = |text: &str| text.parse::<MaskSource>().ok();
        assert_eq!(source("alpha"), Some(MaskSource::Alpha));
        assert_eq!(source("masks/"), Some(MaskSource::Path("masks/".into())));
        let magenta = Some(MaskSource::Colour([255, 0, 255]));
        assert_eq!(source("color:#ff00FF"), magenta);
        assert_eq!(source("colour:ff00ff"), magenta);
        for wrong in ["color:", "color:#ff00f", "color:#ff00fg", "color:#éé00"] {
            assert_eq!(source(wrong), None, "{wrong}");
        }
    }
}
