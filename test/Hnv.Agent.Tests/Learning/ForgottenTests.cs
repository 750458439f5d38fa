using System.Net;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;
using static Hnv.Agent.Tests.Learning.LearningHost;

namespace Hnv.Agent.Tests.Learning;

/// <summary>What policy says is forgotten. What is learned in these tests is of epoch 1, unless they say otherwise.</summary>
public sealed class ForgottenTests
{
    private readonly LearningHost _host = new();

    [Fact]
    public void An_address_is_forgotten_once_the_kernel_learns_in_the_new_epoch_and_counts_when_it_is_proved_anew()
    {
        _host.Learn("10.0.0.70");
        _host.Learn("10.0.0.71");
        _host.Kernel.LearnedCounts[7] = 2;
        _host.TellAll();

        Forget(2, "10.0.0.70");
        _host.Ports();
        Assert.Equal("port 21", _host.Where("10.0.0.70"));
        Settle(2);

        Assert.Equal(("nowhere", "port 21", 1u), (_host.Where("10.0.0.70"), _host.Where("10.0.0.71"), _host.Kernel.LearnedCounts[7]));
        Assert.Empty(_host.TellAll()); // The controller knows.
        _host.Learn("10.0.0.70", epoch: 2);
        Assert.Equal(["10.0.0.70 blue/blue1 2.1"], Puts(_host.TellAll()));
    }

    [Fact]
    public void What_a_program_wrote_in_the_old_epoch_meanwhile_is_forgotten_too()
    {
        Forget(2, "10.0.0.70");
        Settle(2);

        _host.Kernel.LearnedCounts[7] = 3;

        _host.Learn("10.0.0.70", counter: 9);

        Assert.Equal(("nowhere", 2u), (_host.Where("10.0.0.70"), _host.Kernel.LearnedCounts[7])); // Its place is free at once.
        Assert.Empty(Puts(_host.TellAll()));
    }

    [Fact]
    public void Who_wanted_what_is_forgotten_has_its_place_back_too()
    {
        Forget(2, "10.0.0.70");
        Settle(2);
        LearnedEntry entry = _host.Learn("10.0.0.70", epoch: 1, tell: false);
        _host.Kernel.Learned[Key("10.0.0.70")] = entry with { DeadlineNs = _host.Boot + 5_000_000, ChallengerIfindex = Port2, ChallengerPortId = 8, ChallengerMac = MacAddress.Parse(Mac2) };
        (_host.Kernel.LearnedCounts[7], _host.Kernel.LearnedCounts[8]) = (1, 1);

        _host.Tell(LearnEventKind.PreMovement, "10.0.0.70", Port2);

        Assert.Equal(("nowhere", 0u, 0u), (_host.Where("10.0.0.70"), _host.Kernel.LearnedCounts[7], _host.Kernel.LearnedCounts[8]));
    }

    [Fact]
    public void A_host_that_was_cut_off_forgets_what_its_controller_never_heard_and_says_so()
    {
        _host.Learn("10.0.0.70", counter: 5); // Learned while cut off: not told.

        Forget(2, null);
        Settle(2);

        Assert.Equal("nowhere", _host.Where("10.0.0.70"));
        LearnedReport report = Assert.Single(_host.TellAll());
        Assert.Empty(report.Networks);
        HostRecordEvent gone = Assert.Single(report.Events, static e => e.Event == RecordEventKind.Deleted);
        Assert.Equal(("blue/blue1", "10.0.0.70"), (gone.Port, $"{gone.Address}"));
    }

    [Fact]
    public void Of_a_port_only_what_it_holds_is_forgotten()
    {
        _host.Learn("10.0.0.70");
        _host.Learn("10.0.0.71", Port2);
        _host.Core.OnLearned(Elsewhere("10.0.0.80"));
        _host.TellAll();

        Forget(2, null, "blue/blue2");
        Settle(2);

        Assert.Equal(("port 21", "nowhere", "192.168.4.22"), (_host.Where("10.0.0.70"), _host.Where("10.0.0.71"), _host.Where("10.0.0.80")));
    }

    [Fact]
    public void What_other_hosts_had_is_forgotten_whoever_said_it_and_does_not_come_back_by_an_audit()
    {
        _host.Core.OnLearned(Elsewhere("10.0.0.80", counter: 7));
        _host.Hear("10.0.0.81");
        _host.Core.OnLearned(Elsewhere("10.0.0.82"));

        Forget(2, "10.0.0.80");
        Forget(3, "10.0.0.81");
        Settle(3);
        _host.Core.Audit();

        Assert.Equal(("nowhere", "nowhere", "192.168.4.22"), (_host.Where("10.0.0.80"), _host.Where("10.0.0.81"), _host.Where("10.0.0.82")));
    }

    [Fact]
    public void An_agent_that_starts_with_that_policy_forgets_what_the_one_before_left_in_the_map()
    {
        _host.Learn("10.0.0.70");
        _host.Learn("10.0.0.71", Port2, epoch: 2);
        _host.Restart();
        KernelEpoch(2);
        SubnetItem subnet = Forgetting(2, null, null);
        PolicyItem[] items = [subnet, Learner(), Learner("blue/blue2", Mac2, 8)];
        _host.Core.OnUpdate(new NetworkChanged(Items.Policy(Blue, 5, items), [.. items.Select(static i => new ItemChange(null, i))]));
        _host.Core.OnUpdate(new BookmarkReached(5));

        _host.Ports();

        Assert.Equal(("nowhere", "port 22"), (_host.Where("10.0.0.70"), _host.Where("10.0.0.71")));
        Assert.Equal(["10.0.0.71 blue/blue2 2.1"], Puts(_host.TellAll(new object())));
    }

    [Fact]
    public void An_address_that_is_handed_over_with_its_port_is_not_taken_when_it_was_forgotten()
    {
        Forget(2, "10.0.0.90");
        Settle(2);

        _host.Core.OnLearned(Elsewhere("10.0.0.90", pa: "192.168.4.11", port: "blue/blue1"));
        _host.Core.OnLearned(Elsewhere("10.0.0.91", pa: "192.168.4.11", port: "blue/blue1"));

        Assert.Equal(("nowhere", "port 21"), (_host.Where("10.0.0.90"), _host.Where("10.0.0.91")));
    }

    private SubnetItem _subnet = Subnet();

    private SubnetItem Forgetting(uint epoch, string? address, string? port) => _subnet with
    {
        Learning = LearningMode.Dynamic,
        LearningEpoch = epoch,
        Forgotten = new ForgottenItems([.. _subnet.Forgotten?.Entries ?? [], new ForgottenItem(epoch, address is null ? null : IPAddress.Parse(address), port)]),
    };

    private void Forget(uint epoch, string? address, string? port = null)
    {
        SubnetItem before = _subnet;
        _subnet = Forgetting(epoch, address, port);
        _host.Core.OnUpdate(new NetworkChanged(Items.Policy(Blue, 6, _subnet, Learner(), Learner("blue/blue2", Mac2, 8)), [new ItemChange(before, _subnet)]));
    }

    /// <summary>The agent's loop brings the subnet's epoch into the kernel, and says that something is realised.</summary>
    private void Settle(uint epoch)
    {
        KernelEpoch(epoch);
        _host.Ports();
    }

    private void KernelEpoch(uint epoch) =>
        _host.Kernel.Subnets.Set(new SubnetKey(5001), new SubnetEntry(1, MacAddress.Parse("02:48:4e:56:00:01"), null, null) with { Epoch = epoch });
}
