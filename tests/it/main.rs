//! The one integration binary; each area has its module.

#![expect(
    unreachable_pub,
    reason = "helpers are shared by modules of one binary"
)]
// Clippy's permission to unwrap and print in tests does not reach their helper functions.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

// As the program's, so that what is measured here is what it takes there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod apply_appearance;
mod apply_memory;
mod apply_metadata;
mod apply_network;
mod apply_output;
mod apply_photos;
mod apply_plan;
mod apply_run;
mod bands;
mod bfloat16;
#[cfg(feature = "serve")]
mod browser;
mod cli_apply;
mod cli_bad_data;
mod cli_bad_style;
mod cli_bench;
mod cli_builtin;
mod cli_evaluate;
mod cli_export;
mod cli_folder;
mod cli_half;
mod cli_import;
mod cli_import_damaged;
mod cli_inpaint;
mod cli_looks;
mod cli_masks;
mod cli_networks;
mod cli_output;
mod cli_photos;
mod cli_pix2pixhd;
mod cli_pix2pixhd_data;
mod cli_pix2pixhd_weights;
mod cli_resume;
mod cli_sample;
mod cli_shards;
mod cli_spectral;
mod cli_stages;
mod cli_support;
mod cli_synthesis;
mod cli_tiles;
mod cli_train;
mod coarse_to_fine;
mod colourise;
mod contrastive;
mod convolution_case;
mod data;
mod data_check;
mod data_convert;
mod data_labelled;
mod data_loader;
mod data_masked;
mod data_picture;
mod device;
mod docs;
mod docs_commands;
mod early_end;
mod evaluate;
mod evaluate_sets;
mod export_onnx;
mod export_onnx_graph;
mod export_onnx_holes;
mod export_state_dict;
mod feature_matching;
mod feature_weights;
mod features;
mod first_hour;
mod fixture;
mod folders;
mod forward;
mod forward_memory;
mod gan_loss;
mod growth;
mod hostile_corpus;
mod hostile_files;
mod hostile_pictures;
mod ids;
mod import;
mod import_forms;
mod inpaint_networks;
mod inpaint_training;
mod joint_passes;
mod kept_files;
mod kept_luminance;
mod kept_metadata;
mod kernels_activation;
mod kernels_adam;
mod kernels_convolution;
mod kernels_joint_norm;
mod kernels_norm;
mod kernels_reflection;
mod kernels_rows;
mod labels;
mod latent;
mod made_inputs;
mod masks;
mod micro_batches;
mod minibatch;
mod onnx_interpreter;
mod optimiser;
mod penalties;
mod photo_files;
#[cfg(all(feature = "libtorch", target_os = "linux"))]
mod processes_ending;
#[cfg(all(feature = "libtorch", target_os = "linux"))]
mod processes_methods;
#[cfg(all(feature = "libtorch", target_os = "linux"))]
mod processes_support;
#[cfg(all(feature = "libtorch", target_os = "linux"))]
mod processes_training;
mod reducer;
mod reference;
#[cfg(feature = "serve")]
mod serve_api;
#[cfg(feature = "serve")]
mod serve_browser;
#[cfg(feature = "serve")]
mod serve_docs;
#[cfg(feature = "serve")]
mod serve_hostile;
#[cfg(feature = "serve")]
mod serve_jobs;
#[cfg(feature = "serve")]
mod serve_load;
#[cfg(feature = "serve")]
mod serve_security;
#[cfg(feature = "serve")]
mod serve_support;
#[cfg(feature = "serve")]
mod serve_training;
mod sliced_wasserstein;
mod spectral;
mod structure;
mod super_resolution;
mod synthesis_autoencoder;
mod synthesis_codes;
mod synthesis_files;
mod synthesis_inversion;
mod synthesis_networks;
mod synthesis_onnx;
mod synthesis_paths;
mod synthesis_stages;
mod synthesis_training;
mod synthesis_vectors;
mod tiff_files;
mod tiff_metadata;
mod training;
#[cfg(feature = "wgpu")]
mod wgpu;
