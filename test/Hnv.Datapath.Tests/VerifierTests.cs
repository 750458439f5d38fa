using Hnv.Datapath.Layouts;
using Hnv.Datapath.Programs;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Tests;

/// <summary>Every program passes the verifier, also as it is loaded on kernels that lack the newer helpers' flags.</summary>
public sealed class VerifierTests
{
    [Fact]
    public void Programs_AllOfThem_Load()
    {
        using var programs = new ProgramSet();
        Assert.Superset(
            new HashSet<string>(ProgramStages.Numbers.Keys) { "port_ingress", "port_egress", "uplink_ingress", "normaliser", "normaliser_exit", "unbound" },
            programs.Programs.Keys.ToHashSet());
    }

    [Fact]
    public void Programs_WithoutTheFlagsOfLinux63_LoadAndDecapsulate()
    {
        using var thread = new PacketThread();
        using var a = new TestHost(thread, "192.168.4.11", ("has_decap_l3", 0));
        using var b = new TestHost(thread, "192.168.4.22", ("has_decap_l3", 0));
        using var cloud = new TestCloud();
        TestVm from = cloud.Blue5 with { Host = a }, to = cloud.Blue7 with { Host = b, Interface = thread.Interfaces[3] };
        b.Reset();
        b.AddPeer(a.Pa);
        b.AddSubnet(cloud.Blue);
        b.AddRemote(from);
        b.AddLocal(to, PortFlags.Peer);
        foreach (bool v6 in (ReadOnlySpan<bool>)[false, true])
        {
            byte[] frame = from.UdpTo(to, v6);
            Passage passage = b.FromWire(TestCloud.OnWire(a, b, 5001, frame)).Went(Verdict.Decapsulated, to.TrafficTo(frame.Length)).As(frame);
            Assert.Equal(0u, passage.Mark); // Straight into the VM's namespace.
        }
    }

    [Fact]
    public void Programs_AttachedAsTc_AreClassifiers()
    {
        using var programs = new ProgramSet();
        Assert.All(programs.Programs.Values, program => Assert.Equal(BpfProgramType.SchedulerClassifier, program.Info.Type));
    }
}
