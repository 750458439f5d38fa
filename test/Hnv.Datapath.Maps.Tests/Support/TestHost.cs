using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Tables;
using Hnv.Linux.Bpf;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Maps.Tests.Support;

/// <summary>A host in a network namespace of its own, with a BPF file system of its own. Everything goes at disposal.</summary>
internal sealed class TestHost : IDisposable
{
    private readonly List<NetworkNamespace> _vms = [];

    public TestHost()
    {
        Folder = System.IO.Directory.CreateTempSubdirectory("hnvt-").FullName;
        Directory = Path.Combine(Folder, "bpf");
        BpfFileSystem.Mount(Directory); // Ours, so that a purge that unmounts it is noticed.
        Namespace = NetworkNamespace.Create(Name);
        Route = Rtnetlink.Of(Namespace);
        Route.SetUp(1);
    }

    public string Name { get; } = $"hnvt-{Guid.NewGuid().ToString("N")[..8]}";

    public NetworkNamespace Namespace { get; }

    public Rtnetlink Route { get; }

    /// <summary>Removed with all in it.</summary>
    public string Folder { get; }

    /// <summary>Where the BPF file system is.</summary>
    public string Directory { get; }

    public DataplaneOptions Options => new() { Directory = Directory };

    public Dataplane Open(DataplaneOptions? options = null) => Open(new DataplaneBuild(), options);

    public Dataplane Open(DataplaneBuild build, DataplaneOptions? options = null) => Namespace.Run(() => Dataplane.Open(options ?? Options, build));

    /// <summary>A VM: a namespace whose eth0 is the other end of a veth on the host.</summary>
    public TestVm AddVm(string name, string address, string mac)
    {
        var vm = NetworkNamespace.Create($"{Name}-{name}");
        _vms.Add(vm);
        LinkInfo port = Route.CreateVeth(new VethSpec(name, "eth0") { PeerNamespace = vm, PeerMac = PhysicalAddress.Parse(mac.Replace(":", "", StringComparison.Ordinal)) });
        using Rtnetlink inside = Rtnetlink.Of(vm);
        int eth0 = inside.GetLink("eth0").Index;
        Command.Run("ip", "-n", vm.Description, "address", "add", $"{address}/24", "dev", "eth0");
        inside.SetUp(1);
        inside.SetUp(eth0);
        return new TestVm(vm, name, port.Index, IPAddress.Parse(address), MacAddress.Parse(mac));
    }

    /// <summary>Binds VMs to one virtual subnet and says everything that they need to reach each other.</summary>
    public void Connect(Dataplane dataplane, params TestVm[] vms) => Connect(dataplane, Encapsulation.Nvgre, vms);

    /// <summary>As <see cref="Connect(Dataplane,TestVm[])"/>, in an encapsulation.</summary>
    public void Connect(Dataplane dataplane, Encapsulation encapsulation, params TestVm[] vms)
    {
        const uint vsid = 5001;
        Namespace.Run(() =>
        {
            uint rd = dataplane.RoutingDomains.Number(TestVm.Network);
            dataplane.Subnets.Set(new SubnetKey(vsid), new SubnetEntry(rd, MacAddress.Parse("02:00:00:00:00:01"), IPAddress.Parse("10.0.0.1"), null) with { Encapsulation = encapsulation });
            dataplane.Routes.Set(new RouteKey(rd, IPNetwork.Parse("10.0.0.0/24")), new RouteEntry(vsid, null));
            uint number = 0;
            foreach (TestVm vm in vms)
            {
                dataplane.Records.Set(new RecordKey(vsid, vm.Address), RecordEntry.Local(vm.Mac, RecordKind.Static, vm.Port));
                dataplane.Macs.Set(new MacKey(vsid, vm.Mac), LocationEntry.Local(vm.Port));
                dataplane.BindPort(new PortBinding(vm.Port, ++number, rd, vsid, vm.Mac) { Encapsulation = encapsulation });
            }

            Assert.Equal([], dataplane.Apply().Failures);
        });
    }

    public ApplyResult Apply(Dataplane dataplane) => Namespace.Run(dataplane.Apply);

    public void Dispose()
    {
        Route.Dispose();
        foreach (NetworkNamespace vm in _vms)
        {
            NetworkNamespace.Delete(vm.Description);
            vm.Dispose();
        }

        NetworkNamespace.Delete(Name);
        Namespace.Dispose();
        if (BpfFileSystem.IsMounted(Directory))
        {
            BpfFileSystem.Unmount(Directory);
        }

        System.IO.Directory.Delete(Folder, recursive: true);
    }
}

/// <param name="Port">Index of its interface on the host.</param>
internal sealed record TestVm(NetworkNamespace Namespace, string PortName, int Port, IPAddress Address, MacAddress Mac)
{
    public static readonly Guid Network = Guid.Parse("11111111-2222-3333-4444-000000005001");

    /// <summary>Whether an answer comes within some tries: a link that was just set up loses what comes before the kernel's link watch ran.</summary>
    public bool Reaches(TestVm other) => Enumerable.Range(0, 20).Any(_ => IsAnswered(other));

    public bool IsCutOffFrom(TestVm other) => !IsAnswered(other);

    private bool IsAnswered(TestVm other) =>
        Namespace.Start(Command.Quiet("ping", "-n", "-q", "-c", "1", "-W", "1", other.Address.ToString())) is var ping && Ended(ping) == 0;

    private static int Ended(Process process)
    {
        using (process)
        {
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
