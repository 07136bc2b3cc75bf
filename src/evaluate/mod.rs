//! Comparing folders of pictures.
