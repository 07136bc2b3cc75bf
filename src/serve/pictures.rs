//! Pictures that clients have sent.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use utoipa::ToSchema;

use super::identifier::identifier;
use crate::files::{FileError, create_folder};
use crate::picture::PictureLimits;

/// Pictures that are kept; the oldest that nothing needs goes first.
const MAX_PICTURES: usize = 512;

/// Characters of a picture's name.
const MAX_NAME: usize = 120;

/// A picture in a folder of its own, which vanishes with this value.
#[derive(Debug)]
pub(super) struct StoredPicture {
    id: String,
    folder: PathBuf,
    name: String,
    size: (u32, u32),
    bytes: u64,
    format: &'static str,
}

/// What clients are told about a picture.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PictureReport {
    /// By which it is named in other requests.
    id: String,
    /// Name of the file.
    name: String,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// Length of the file.
    bytes: u64,
    /// What the bytes are: png, jpg, webp, tiff, bmp or pnm.
    format: String,
}

impl StoredPicture {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Where what belongs to the picture can be kept.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.size
    }

    pub(super) fn report(&self) -> PictureReport {
        PictureReport {
            id: self.id.clone(),
            name: self.name.clone(),
            width: self.size.0,
            height: self.size.1,
            bytes: self.bytes,
            format: self.format.to_owned(),
        }
    }
}

impl Drop for StoredPicture {
    fn drop(&mut self) {
        // The folder of the whole server goes at the end.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The pictures, as many as there is room for.
#[derive(Debug)]
pub(super) struct PictureStore {
    folder: PathBuf,
    limits: PictureLimits,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    pictures: VecDeque<Arc<StoredPicture>>,
    /// Bytes of pictures that are arriving.
    arriving: u64,
}

/// A picture that is arriving.
pub(super) struct Arrival<'a> {
    store: &'a PictureStore,
    id: String,
    folder: PathBuf,
    name: String,
    bytes: u64,
    is_kept: bool,
}

impl PictureStore {
    /// A store in a folder of its own.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(super) fn new(folder: PathBuf, limits: PictureLimits) -> Result<Self, FileError> {
        create_folder(&folder)?;
        Ok(Self {
            folder,
            limits,
            kept: Mutex::default(),
        })
    }

    /// The largest pictures that are taken.
    pub(super) fn limits(&self) -> PictureLimits {
        self.limits
    }

    /// The picture with this identifier.
    pub(super) fn find(&self, id: &str) -> Option<Arc<StoredPicture>> {
        let kept = self.kept();
        kept.pictures.iter().find(|one| one.id == id).cloned()
    }

    /// Forgets a picture.
    pub(super) fn remove(&self, id: &str) -> bool {
        let mut kept = self.kept();
        let before = kept.pictures.len();
        kept.pictures.retain(|one| one.id != id);
        kept.pictures.len() < before
    }

    /// Makes a place for a picture of this name.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(super) fn arrival(&self, name: &str) -> Result<Arrival<'_>, FileError> {
        let id = identifier();
        let folder = self.folder.join(&id);
        create_folder(&folder)?;
        Ok(Arrival {
            store: self,
            id,
            folder,
            name: plain_name(name),
            bytes: 0,
            is_kept: false,
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrival<'_> {
    /// Where the bytes go.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Makes room for so many more bytes: pictures that nothing needs go, the oldest first. Whether there is room.
    pub(super) fn reserve(&mut self, bytes: u64) -> bool {
        let mut kept = self.store.kept();
        let room = self.store.limits.bytes;
        loop {
            let stored: u64 = kept.pictures.iter().map(|one| one.bytes).sum();
            if stored + kept.arriving + bytes <= room && kept.pictures.len() < MAX_PICTURES {
                break;
            }
            let free = |one: &Arc<StoredPicture>| Arc::strong_count(one) == 1;
            let Some(index) = kept.pictures.iter().position(free) else {
                return false;
            };
            kept.pictures.remove(index);
        }
        kept.arriving += bytes;
        self.bytes += bytes;
        true
    }

    /// Keeps the picture, which is there.
    pub(super) fn keep(mut self, size: (u32, u32), format: &'static str) -> Arc<StoredPicture> {
        let picture = Arc::new(StoredPicture {
            id: self.id.clone(),
            folder: self.folder.clone(),
            name: self.name.clone(),
            size,
            bytes: self.bytes,
            format,
        });
        self.is_kept = true;
        self.store.kept().pictures.push_back(Arc::clone(&picture));
        picture
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        self.store.kept().arriving -= self.bytes;
        if !self.is_kept {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// The last part of a name from outside, without what file systems and terminals take for more than letters.
pub(super) fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |letter: &char| !letter.is_control() && !"<>:\"|?*`".contains(*letter);
    let letters: String = last.chars().filter(plain).collect();
    let letters = letters.trim().trim_start_matches('.');
    // The end has the extension.
    let surplus = letters.chars().count().saturating_sub(MAX_NAME);
    let name: String = letters.chars().skip(surplus).collect();
    if name.is_empty() {
        "picture".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_are_names() {
        for (name, plain) in [
            ("cat.jpg", "cat.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\pictures\\a.png", "a.png"),
            ("..", "picture"),
            ("", "picture"),
            (".hidden", "hidden"),
            ("a\nb\0.png", "ab.png"),
            ("Käse 1.png", "Käse 1.png"),
        ] {
            assert_eq!(plain_name(name), plain);
        }
        let long = format!("{}.png", "x".repeat(500));
        assert_eq!(plain_name(&long).len(), MAX_NAME);
    }

    #[test]
    fn the_oldest_pictures_that_nothing_needs_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let limits = PictureLimits {
            bytes: 10,
            ..PictureLimits::default()
        };
        let store = PictureStore::new(folder.path().join("pictures"), limits).unwrap();
        let add = |bytes| {
            let mut arrival = store.arrival("a.png").unwrap();
            arrival.reserve(bytes).then(|| {
                std::fs::write(arrival.path(), "x").unwrap();
                arrival.keep((1, 1), "png")
            })
        };
        let first = add(4).unwrap();
        let second = add(4).unwrap().id.clone();
        let third = add(4).unwrap().id.clone();
        assert!(store.find(&first.id).is_some(), "it is in use");
        assert!(store.find(&second).is_none());
        assert!(store.find(&third).is_some());
        assert!(add(7).is_none(), "one in use and this one do not fit");
        let path = first.path();
        assert!(path.is_file());
        assert!(store.remove(&first.id));
        drop(first);
        assert!(!path.exists());
        assert!(add(10).is_some());
    }
}
