using System.Diagnostics;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Programs;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Maps.Tests;

/// <summary>What becomes of the kernel's state when the process that made it goes, and another comes.</summary>
public sealed class AdoptionTests : IDisposable
{
    private readonly TestHost _host = new();
    private readonly TestVm _vm1;
    private readonly TestVm _vm2;

    public AdoptionTests()
    {
        _vm1 = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05");
        _vm2 = _host.AddVm("p2", "10.0.0.7", "06:06:00:00:00:07");
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Connect_TwoVms_ReachEachOther()
    {
        using Dataplane dataplane = _host.Open();
        _host.Connect(dataplane, _vm1, _vm2);

        Assert.True(_vm1.Reaches(_vm2));
        Assert.True(_vm2.Reaches(_vm1));
    }

    [Fact]
    public void Reopen_KeepsMapsProgramsAndNumbers_AndLosesNoFrame()
    {
        Dictionary<string, uint> before;
        using (Dataplane first = _host.Open())
        {
            _host.Connect(first, _vm1, _vm2);
            before = Identities();
        }

        PingStream ping = PingStream.Start(_vm1, _vm2);
        for (int i = 0; i < 3; i++)
        {
            using Dataplane next = _host.Open();
            _host.Connect(next, _vm1, _vm2);
            next.AllowSweep();
            Hnv.Datapath.Tables.ApplyResult result = _host.Apply(next);
            Assert.Equal((0, 0), (result.Written, result.Removed));
            Assert.Equal(1u, next.RoutingDomains.Number(TestVm.Network));
        }

        ping.AssertNothingLost();
        Assert.Equal(before, Identities());
    }

    [Fact]
    public void Dispose_LeavesTheKernelForwarding()
    {
        using (Dataplane dataplane = _host.Open())
        {
            _host.Connect(dataplane, _vm1, _vm2);
        }

        Assert.True(_vm1.Reaches(_vm2));
    }

    [Fact]
    public void Kill_OfTheOwner_LosesNoFrameAndFreesTheDirectory()
    {
        using (Dataplane first = _host.Open())
        {
            _host.Connect(first, _vm1, _vm2);
        }

        PingStream ping = PingStream.Start(_vm1, _vm2);
        for (int i = 0; i < 3; i++)
        {
            using Process owner = ChildProcess.OpenAndWait(_host);
            Assert.Throws<DataplaneException>(() => _host.Open());
            owner.Kill();
            owner.WaitForExit();
        }

        using Dataplane next = _host.Open();
        Assert.Equal(2, next.ReadPorts().Count);
        ping.AssertNothingLost();
    }

    [Fact]
    public void Open_Twice_SaysWhoHasIt()
    {
        using Dataplane first = _host.Open();

        DataplaneException refused = Assert.Throws<DataplaneException>(() => _host.Open());

        Assert.Contains("another process", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnotherBuild_ReplacesProgramsUnderTrafficAndKeepsMaps()
    {
        Dictionary<string, uint> before;
        using (Dataplane first = _host.Open())
        {
            _host.Connect(first, _vm1, _vm2);
            before = Identities();
        }

        PingStream ping = PingStream.Start(_vm1, _vm2);
        var otherBuild = new DataplaneBuild { Images = OtherBuild.Compile(_host.Folder) };
        for (int i = 0; i < 2; i++)
        {
            _host.Open(otherBuild).Dispose();
            Dictionary<string, uint> replaced = Identities();
            Assert.NotEqual(before["prog_port_ingress"], replaced["prog_port_ingress"]);
            Assert.Equal(replaced["prog_port_ingress"], AttachedProgram(_vm1.Port));
            Assert.Equal(before[$"records_v{Layout.Version}"], replaced[$"records_v{Layout.Version}"]);
            _host.Open().Dispose();
        }

        ping.AssertNothingLost();
        Assert.Equal(before.Where(entry => !entry.Key.StartsWith("prog_", StringComparison.Ordinal)), Identities().Where(entry => !entry.Key.StartsWith("prog_", StringComparison.Ordinal)));
    }

    [Fact]
    public void Stages_AreInTheirPlacesAndPinned_StayAtReopening_AndAreReplacedByAnotherBuilds()
    {
        _host.Open().Dispose();
        Dictionary<string, uint> before = Stages(), pins = Identities();
        Assert.All(before, stage => Assert.Equal(pins["prog_" + stage.Key], stage.Value));

        _host.Open().Dispose();
        Assert.Equal(before, Stages());

        _host.Open(new DataplaneBuild { Images = OtherBuild.Compile(_host.Folder, "#define HNV_QUESTION_COST 10", "#define HNV_QUESTION_COST 11") }).Dispose();
        Assert.NotEqual(before["port_ask"], Stages()["port_ask"]);
        Assert.Equal(Identities()["prog_port_ask"], Stages()["port_ask"]);
    }

    [Fact]
    public void Stages_OfNoBuild_AreTakenOutWhenProgramsAreReplaced()
    {
        _host.Open().Dispose();
        using BpfMap stages = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"stages_v{Layout.Version}"));
        uint last = (uint)stages.Info.MaxEntries - 1;
        Assert.DoesNotContain(last, ProgramStages.Numbers.Values);
        using (BpfProgram old = BpfProgram.OpenPinned(Path.Combine(_host.Directory, "prog_unbound")))
        {
            stages.UpdateProgram(last, old);
        }

        File.Delete(Path.Combine(_host.Directory, "prog_port_ask")); // As after a crash: something has to be replaced.
        _host.Open().Dispose();

        Assert.False(stages.TryLookup(in last, out uint _));
        Assert.Equal(Identities()["prog_port_ask"], Stages()["port_ask"]);
    }

    [Fact]
    public void Open_AfterACrashBetweenReplacementAndPin_ReplacesAgain()
    {
        using (Dataplane first = _host.Open())
        {
            _host.Connect(first, _vm1, _vm2);
        }

        // The filter holds the only reference to a program that no pin names any more.
        File.Delete(Path.Combine(_host.Directory, "prog_port_ingress"));
        uint orphan = AttachedProgram(_vm1.Port);

        _host.Open().Dispose();

        Assert.NotEqual(orphan, AttachedProgram(_vm1.Port));
        Assert.Equal(Identities()["prog_port_ingress"], AttachedProgram(_vm1.Port));
        Assert.True(_vm1.Reaches(_vm2));
    }

    [Fact]
    public void Sweep_RemovesWhatNobodyClaimed_AndNotBefore()
    {
        using (Dataplane first = _host.Open())
        {
            _host.Connect(first, _vm1, _vm2);
        }

        using Dataplane next = _host.Open();
        Assert.Equal((0, 0), (_host.Apply(next).Written, _host.Apply(next).Removed));
        Assert.Equal(2, next.ReadPorts().Count);
        Assert.Equal(2, next.ReadRecords().Count);
        next.AllowSweep();
        _host.Apply(next);

        Assert.Empty(next.ReadPorts());
        Assert.Empty(next.ReadRecords());
        Assert.Empty(next.ReadRoutes());
        Assert.Null(next.RoutingDomains.Find(1));
        Assert.True(_vm1.IsCutOffFrom(_vm2));
    }

    [Fact]
    public void Open_DamagedPin_IsRefusedAndLeftAsItIs()
    {
        using (BpfMap foreign = BpfMap.Create(new BpfMapSpec(BpfMapType.Hash, 4, 4, 10) { Name = "foreign" }))
        {
            foreign.Pin(Path.Combine(_host.Directory, $"ports_v{Layout.Version}"));
        }

        DataplaneException refused = Assert.Throws<DataplaneException>(() => _host.Open());

        Assert.Contains($"ports_v{Layout.Version}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("foreign or damaged", refused.Message, StringComparison.Ordinal);
        using BpfMap still = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"ports_v{Layout.Version}"));
        Assert.Equal("foreign", still.Info.Name);
    }

    [Fact]
    public void Open_PinThatIsNoMap_IsRefused()
    {
        _host.Open().Dispose();
        File.Delete(Path.Combine(_host.Directory, $"peers_v{Layout.Version}"));
        using (BpfProgram program = BpfProgram.OpenPinned(Path.Combine(_host.Directory, "prog_unbound")))
        {
            program.Pin(Path.Combine(_host.Directory, $"peers_v{Layout.Version}"));
        }

        Assert.Contains($"peers_v{Layout.Version}", Assert.Throws<DataplaneException>(() => _host.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MapOfANewerLayout_IsRefused()
    {
        _host.Open().Dispose();
        using (BpfMap newer = BpfMap.Create(new BpfMapSpec(BpfMapType.Hash, 4, 4, 10)))
        {
            newer.Pin(Path.Combine(_host.Directory, "subnets_v7"));
        }

        string[] pins = [.. Directory.GetFiles(_host.Directory).Order(StringComparer.Ordinal)];

        string refused = Assert.Throws<DataplaneException>(() => _host.Open()).Message;

        Assert.Contains("newer version", refused, StringComparison.Ordinal);
        Assert.Contains("Run that version or a newer one", refused, StringComparison.Ordinal);
        Assert.Equal(pins, Directory.GetFiles(_host.Directory).Order(StringComparer.Ordinal));
    }

    private uint AttachedProgram(int port) =>
        _host.Namespace.Run(() => new TcHook(port, TcDirection.Ingress).Query(TcIdentity.Handle, TcIdentity.Priority))!.ProgramId;

    /// <summary>Stage to the kernel number of the program in its place.</summary>
    private Dictionary<string, uint> Stages()
    {
        using BpfMap stages = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"stages_v{Layout.Version}"));
        return ProgramStages.Numbers.ToDictionary(
            stage => stage.Key, stage => stages.TryLookup(stage.Value, out uint id) ? id : 0, StringComparer.Ordinal);
    }

    /// <summary>Pin to kernel number.</summary>
    private Dictionary<string, uint> Identities() => Directory.GetFiles(_host.Directory).Where(path => !path.EndsWith(".debug", StringComparison.Ordinal)).ToDictionary(
        path => Path.GetFileName(path),
        path =>
        {
            if (Path.GetFileName(path).StartsWith("prog_", StringComparison.Ordinal))
            {
                using BpfProgram program = BpfProgram.OpenPinned(path);
                return program.Info.Id;
            }

            using BpfMap map = BpfMap.OpenPinned(path);
            return map.Info.Id;
        },
        StringComparer.Ordinal);
}
