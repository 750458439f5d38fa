using Hnv.Datapath.Kernel;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Programs;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath;

/// <summary>Maps and programs of a directory, opened; what <see cref="Dataplane"/> is put together from.</summary>
internal sealed class DataplaneParts : IDisposable
{
    public DataplaneParts(string directory, MapSizes sizes, DataplaneBuild build)
    {
        Pins = new PinNames(directory);
        Maps = new MapStore(Pins, sizes, build.Layout, new MapCopy(build.Migrations));
        Programs = new ProgramStore(Pins);
        Route = new Rtnetlink();
    }

    public PinNames Pins { get; }

    public MapStore Maps { get; }

    public ProgramStore Programs { get; }

    public Rtnetlink Route { get; }

    public void Load(DataplaneBuild build, KernelFeatures features)
    {
        Maps.OpenOwn<uint, Guid>(MapNames.Networks);
        Maps.OpenOwn<int, DeviceEntry>(MapNames.Devices);
        foreach (ProgramImage image in build.Images.Where(image => image.Name != FeatureProbe.Image))
        {
            Programs.Load(image, Maps, features);
        }
    }

    public void Dispose()
    {
        Programs.Dispose();
        Maps.Dispose();
        Route.Dispose();
    }
}
