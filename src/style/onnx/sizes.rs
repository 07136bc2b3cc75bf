//! The sizes of pictures that a generator takes.

use super::message::Dimension;
use super::options::OnnxError;
use crate::config::GeneratorRecipe;

/// What the height and the width of pictures must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureSizes {
    /// Multiples of a number, and at least so many pixels.
    Multiples {
        /// The number.
        of: usize,
        /// The smallest side, which is a multiple too.
        min: usize,
    },
    /// Squares of this side.
    Square(usize),
}

impl PictureSizes {
    /// Those of a fully convolutional generator.
    pub fn from_recipe(recipe: &GeneratorRecipe) -> Self {
        let of = recipe.size_multiple();
        Self::Multiples {
            of,
            min: of.max(recipe.min_size()),
        }
    }

    /// The rule for people: `multiples of 4, at least 8`.
    pub fn text(self) -> String {
        match self {
            Self::Multiples { of: 1, min } => format!("at least {min}"),
            Self::Multiples { of, min } if of < min => format!("multiples of {of}, at least {min}"),
            Self::Multiples { of, .. } => format!("multiples of {of}"),
            Self::Square(side) => format!("{side} each"),
        }
    }

    /// Fails unless pictures of this height and width fit.
    pub(super) fn check(self, [height, width]: [usize; 2]) -> Result<(), OnnxError> {
        for (side, size) in [("width", width), ("height", height)] {
            let nearest = self.nearest(size);
            if nearest != [size] {
                return Err(OnnxError::BadSize {
                    side,
                    size,
                    takes: format!("the sides of pictures are {}", self.text()),
                    nearest,
                });
            }
        }
        Ok(())
    }

    /// `size` itself, or the nearest possible sizes below and above.
    fn nearest(self, size: usize) -> Vec<usize> {
        match self {
            Self::Square(side) => vec![side],
            Self::Multiples { min, .. } if size <= min => vec![min],
            Self::Multiples { of, .. } if size.is_multiple_of(of) => vec![size],
            Self::Multiples { of, .. } => {
                let below = size / of * of;
                vec![below, below + of]
            }
        }
    }

    /// Height and width in a graph: numbers if they are given or the only ones, else names that say the rule, such as
    /// `256*height`. tract reads names as arithmetic, and needs this one to see that skip connections fit.
    pub(super) fn dimensions(self, size: Option<[usize; 2]>) -> [Dimension; 2] {
        let fixed = match self {
            Self::Square(side) => Some([side; 2]),
            Self::Multiples { .. } => size,
        };
        let named = |name: &str| match self {
            Self::Multiples { of, .. } if of > 1 => Dimension::Named(format!("{of}*{name}")),
            _ => Dimension::Named(name.to_owned()),
        };
        match fixed {
            Some(sides) => sides.map(|side| Dimension::Fixed(side as i64)),
            None => ["height", "width"].map(named),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_sizes_are_possible() {
        let multiples = PictureSizes::Multiples { of: 4, min: 8 };
        for (size, nearest) in [
            (1, vec![8]),
            (4, vec![8]),
            (8, vec![8]),
            (11, vec![8, 12]),
            (640, vec![640]),
            (641, vec![640, 644]),
        ] {
            assert_eq!(multiples.nearest(size), nearest);
        }
        assert_eq!(PictureSizes::Square(227).nearest(256), [227]);
    }
}
