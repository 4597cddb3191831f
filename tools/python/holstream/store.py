"""Trajectory stores as xarray data sets, or as Zarr arrays without xarray."""

from pathlib import Path

from ._errors import HolstreamError


def find(path):
    """The store that a path means: itself, or the one store of a run's folder."""
    path = Path(path)
    if (path / "zarr.json").exists():
        return path
    if not path.exists():
        raise HolstreamError(f"there is no {path}")
    stores = sorted(entry.parent for entry in path.glob("*/zarr.json"))
    if not stores:
        raise HolstreamError(f"{path} holds no store; is it a run's folder, and has the run stored anything yet?")
    if len(stores) > 1:
        default = path / "trajectories.zarr"
        if default in stores:
            return default
        names = ", ".join(store.name for store in stores)
        raise HolstreamError(f"{path} holds several stores: {names}; open one of them by its path")
    return stores[0]


def arrays(path):
    """The arrays of a run's or a store's trajectories, a read-only zarr.Group: nothing but zarr is needed."""
    import zarr

    return zarr.open_group(str(find(path)), mode="r")


def open(path):
    """The trajectories of a run or a store, an xarray.Dataset that is read when it is looked at.

    Every field has the dimensions (trajectory, time, …), its unit and its name in words; `time` is that of each frame, and
    `length` how many frames of each trajectory are stored (those beyond are NaN). The attributes describe the system.
    A store may grow while it is open: open it again to see more.
    """
    try:
        import xarray
    except ImportError as error:
        raise HolstreamError("holstream.open needs xarray: pip install xarray (or use holstream.arrays)") from error
    store = find(path)
    data = xarray.open_zarr(str(store), consolidated=False, chunks=None)
    for entry in data.attrs.get("layout", {}).get("fields", []):
        if entry["name"] in data:
            attributes = data[entry["name"]].attrs
            if entry["unit"]:
                attributes.setdefault("units", entry["unit"])
            attributes.setdefault("long_name", entry["symbol"] or entry["name"])
    coordinates = [name for name in ("time", "length") if name in data.variables]
    return data.set_coords(coordinates)
