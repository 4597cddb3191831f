// Zarr
