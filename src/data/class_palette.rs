//! The colours of classes, and their names.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use super::error::DataError;
use crate::files;
use crate::picture::{ColourMap, IdMap};
use crate::wording::counted;

/// Unknown colours that a message names.
const NAMED: usize = 5;

/// A class of a palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassColour {
    /// What label maps are to hold in its pixels.
    pub id: u32,
    /// What it is called.
    pub name: String,
    /// Red, green and blue.
    pub colour: [u8; 3],
}

/// Which colour of a label map is which class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassPalette {
    /// What messages call it: its file.
    origin: String,
    /// In the order of the file.
    classes: Vec<ClassColour>,
    ids: HashMap<[u8; 3], u32>,
}

/// What is wrong with a palette.
#[derive(Debug, thiserror::Error)]
enum PaletteError {
    /// A line that is none of the known forms.
    #[error(
        "{origin}, line {line}: `{text}` is no class: write `name, r, g, b` with numbers from 0 to 255, or `id, name, r, g, b`"
    )]
    Line {
        /// The file.
        origin: String,
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// Two classes that cannot be told apart.
    #[error("{origin}: `{first}` and `{second}` have one {what}: give each its own")]
    Same {
        /// The file.
        origin: String,
        /// One class.
        first: String,
        /// The other.
        second: String,
        /// What they share.
        what: &'static str,
    },
    /// There is no class.
    #[error("{0} has no colours: write a line `name, r, g, b` for each class")]
    Empty(String),
}

impl ClassPalette {
    /// The palette of a recipe: a file (its path as it is, or below the data set in `root`), or the text of one.
    ///
    /// # Errors
    /// The file cannot be read, or is no palette.
    pub fn from_setting(setting: &str, root: &Path) -> Result<Self, DataError> {
        if setting.contains('\n') {
            return Ok(Self::parse(setting, "`data.palette`")?);
        }
        let path = Path::new(setting);
        let below = root.join(path);
        Self::read(if !path.exists() && below.exists() {
            &below
        } else {
            path
        })
    }

    /// Reads a file: lines of `name, r, g, b` (also with spaces or tabs, with the name last, or with an id before the name), a
    /// `labelmap.txt` of CVAT, or a PNG with a palette. Classes without an id are counted from 0.
    ///
    /// # Errors
    /// The file cannot be read, or is no palette.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let origin = format!("`{}`", path.display());
        let bytes = files::read(path)?;
        if image::guess_format(&bytes).is_ok_and(|format| format == image::ImageFormat::Png) {
            return Ok(Self::from_png(&bytes, origin)?);
        }
        let text = String::from_utf8_lossy(&bytes);
        // What some editors put before a text.
        Ok(Self::parse(text.trim_start_matches('\u{feff}'), &origin)?)
    }

    fn parse(text: &str, origin: &str) -> Result<Self, PaletteError> {
        let mut classes: Vec<ClassColour> = Vec::new();
        let is_digit_or_colon = |letter: char| letter.is_ascii_digit() || letter == ':';
        let mut is_first = true;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match class_of_line(line, classes.len() as u32) {
                Some(class) => classes.push(class),
                // The names of the columns.
                None if is_first && !line.contains(is_digit_or_colon) => {}
                None => {
                    return Err(PaletteError::Line {
                        origin: origin.to_owned(),
                        line: number + 1,
                        text: line.to_owned(),
                    });
                }
            }
            is_first = false;
        }
        Self::new(origin, classes)
    }

    /// The places of the palette of a PNG; of equal colours the first counts, because unused places are often black.
    fn from_png(bytes: &[u8], origin: String) -> Result<Self, PaletteError> {
        let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info();
        let palette = reader.ok().and_then(|reader| {
            let palette = reader.info().palette.as_deref()?;
            Some(palette.as_chunks::<3>().0.to_vec())
        });
        let mut classes: Vec<ClassColour> = Vec::new();
        for (id, colour) in (0..).zip(palette.unwrap_or_default()) {
            if !classes.iter().any(|class| class.colour == colour) {
                classes.push(ClassColour {
                    id,
                    name: format!("class {id}"),
                    colour,
                });
            }
        }
        Self::new(&origin, classes)
    }

    fn new(origin: &str, classes: Vec<ClassColour>) -> Result<Self, PaletteError> {
        if classes.is_empty() {
            return Err(PaletteError::Empty(origin.to_owned()));
        }
        let mut by_id: HashMap<u32, &ClassColour> = HashMap::new();
        let mut by_colour: HashMap<[u8; 3], &ClassColour> = HashMap::new();
        for class in &classes {
            for (first, what) in [
                (by_colour.insert(class.colour, class), "colour"),
                (by_id.insert(class.id, class), "id"),
            ] {
                if let Some(first) = first {
                    return Err(PaletteError::Same {
                        origin: origin.to_owned(),
                        first: first.name.clone(),
                        second: class.name.clone(),
                        what,
                    });
                }
            }
        }
        Ok(Self {
            origin: origin.to_owned(),
            ids: classes
                .iter()
                .map(|class| (class.colour, class.id))
                .collect(),
            classes,
        })
    }

    /// The palette as text that [`Self::from_setting`] reads, so that a recipe needs no other file.
    pub fn to_text(&self) -> String {
        let lines = self.classes.iter().map(|class| {
            let [red, green, blue] = class.colour;
            let name = class.name.replace([',', '#', '\t'], " ");
            format!("{}, {name}, #{red:02x}{green:02x}{blue:02x}\n", class.id)
        });
        lines.collect()
    }

    /// The classes in the order of the file.
    pub fn classes(&self) -> &[ClassColour] {
        &self.classes
    }

    /// The highest id.
    pub fn highest(&self) -> u32 {
        self.classes.iter().map(|class| class.id).max().unwrap_or(0)
    }

    /// The ids of exact colours.
    ///
    /// # Errors
    /// Words about the colours that are not in the palette, with the number of their pixels; they follow the name of the file.
    pub fn ids(&self, map: ColourMap) -> Result<IdMap, String> {
        let mut unknown: HashMap<[u8; 3], usize> = HashMap::new();
        let id = |colour: &[u8; 3]| {
            self.ids.get(colour).copied().unwrap_or_else(|| {
                *unknown.entry(*colour).or_default() += 1;
                0
            })
        };
        let ids = map.colours.iter().map(id).collect();
        if !unknown.is_empty() {
            return Err(self.unknown_text(unknown));
        }
        Ok(IdMap {
            width: map.size.0,
            height: map.size.1,
            ids,
            bits: 8,
            has_palette: false,
            has_colours: true,
            format: map.format,
        })
    }

    fn unknown_text(&self, unknown: HashMap<[u8; 3], usize>) -> String {
        let mut colours: Vec<([u8; 3], usize)> = unknown.into_iter().collect();
        colours.sort_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
        let named = colours
            .iter()
            .take(NAMED)
            .map(|([red, green, blue], count)| {
                format!("{red},{green},{blue} ({})", counted(*count, "pixel"))
            });
        let mut text = named.collect::<Vec<_>>().join(", ");
        if colours.len() > NAMED {
            // Writing to a string cannot fail.
            let _ = write!(text, " and {} more", colours.len() - NAMED);
        }
        format!(
            "has {} that {} does not know: {text}; add them, or draw the map without smooth edges and save it without loss",
            counted(colours.len(), "colour"),
            self.origin
        )
    }
}

impl From<PaletteError> for DataError {
    fn from(error: PaletteError) -> Self {
        Self::BadSetting(error.to_string())
    }
}

/// What a line says; `next` is the id of a class that says none.
fn class_of_line(line: &str, next: u32) -> Option<ClassColour> {
    // CVAT: `label:color_rgb:parts:actions`.
    let cvat = line.split_once(':').and_then(|(name, rest)| {
        let colour = rest.split(':').next()?;
        let levels: Vec<u8> = colour
            .split(',')
            .map_while(|level| level.trim().parse().ok())
            .collect();
        let colour = <[u8; 3]>::try_from(levels).ok()?;
        Some((None, name.trim().to_owned(), colour))
    });
    let (id, name, colour) = cvat.or_else(|| class_of_fields(line))?;
    Some(ClassColour {
        id: id.unwrap_or(next),
        name,
        colour,
    })
}

/// Id, name and colour.
type Fields = (Option<u32>, String, [u8; 3]);

fn class_of_fields(line: &str) -> Option<Fields> {
    let has_separator = line.contains([',', ';', '\t']);
    let fields: Vec<&str> = if has_separator {
        let fields = line.split([',', ';', '\t']).map(str::trim);
        fields.flat_map(numbers_apart).collect()
    } else {
        line.split_whitespace().collect()
    };
    let number = |field: &str| field.parse::<u32>().ok();
    let join = |fields: &[&str]| fields.join(" ");
    // Before a colour in hexadecimal digits a number is an id only where a name follows.
    if let Some(place) = fields.iter().position(|field| hex_colour(field).is_some()) {
        let colour = hex_colour(fields[place])?;
        let others: Vec<&str> = [&fields[..place], &fields[place + 1..]].concat();
        return match others.split_first() {
            Some((first, rest)) if !rest.is_empty() && number(first).is_some() => {
                Some((number(first), join(rest), colour))
            }
            Some(_) => Some((None, join(&others), colour)),
            None => Some((None, fields[place].to_owned(), colour)),
        };
    }
    let is_number = |index: &usize| number(fields[*index]).is_some();
    let numbers: Vec<usize> = (0..fields.len()).filter(is_number).collect();
    // Three numbers in a row are the colour; a single one before the name is its id.
    let (id, run) = match numbers.as_slice() {
        [id, run @ ..] if run.len() == 3 && *id == 0 && run[0] > 1 => (number(fields[0]), run),
        run if run.len() == 3 => (None, run),
        _ => return None,
    };
    let start = run[0];
    if run[2] != start + 2 || fields.len() == 3 {
        return None;
    }
    let mut colour = [0; 3];
    for (level, field) in colour.iter_mut().zip(&fields[start..]) {
        *level = field.parse().ok()?;
    }
    let first = usize::from(id.is_some());
    let name = [&fields[first..start], &fields[start + 3..]].concat();
    Some((id, join(&name), colour))
}

/// Numbers that have only spaces between them; any other field is one. Some files have tabs between names and colours alone.
fn numbers_apart(field: &str) -> Vec<&str> {
    let is_number = |word: &str| word.parse::<u32>().is_ok();
    if field.split_whitespace().all(is_number) {
        field.split_whitespace().collect()
    } else {
        vec![field]
    }
}

/// The colour `#804080`.
fn hex_colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

/// Where the palette of a recipe is read from once and for all: its setting with the file's text instead of the file.
///
/// # Errors
/// As [`ClassPalette::from_setting`].
pub(super) fn inlined(setting: &str, root: &Path) -> Result<String, DataError> {
    if setting.is_empty() || setting.contains('\n') {
        return Ok(setting.to_owned());
    }
    Ok(ClassPalette::from_setting(setting, root)?.to_text())
}
