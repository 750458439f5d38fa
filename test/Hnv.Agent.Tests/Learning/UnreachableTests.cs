using System.Net;
using Hnv.Agent.Learning;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using static Hnv.Agent.Tests.Learning.LearningHost;

namespace Hnv.Agent.Tests.Learning;

/// <summary>A host says that it has no policy for the subnet: believed as far as it speaks of what is said to be at that very host.</summary>
public sealed class UnreachableTests
{
    private const string Far = "06:06:00:00:00:77";

    private readonly LearningHost _host = new();

    [Fact]
    public void What_was_heard_of_that_host_and_the_controller_does_not_know_is_forgotten()
    {
        _host.Hear("10.0.0.80");
        _host.Hear("10.0.0.81");
        _host.Core.OnLearned(Elsewhere("10.0.0.81"));

        Say("192.168.4.22");

        Assert.Equal(("nowhere", "192.168.4.22"), (_host.Where("10.0.0.80"), _host.Where("10.0.0.81")));
        Assert.Contains("The host at 192.168.4.22 says that it has no policy for virtual subnet 5001", Assert.Single(_host.Core.Unreachable), StringComparison.Ordinal);
    }

    [Fact]
    public void What_another_host_has_instead_comes_back_as_the_controller_says_it()
    {
        _host.Core.OnLearned(Elsewhere("10.0.0.80", pa: "192.168.4.33"));
        _host.Hear("10.0.0.80", counter: 5);

        Say("192.168.4.22");

        Assert.Equal("192.168.4.33", _host.Where("10.0.0.80"));
    }

    [Theory]
    [InlineData("192.168.4.33", 5001, Far)]
    [InlineData("192.168.4.22", 5002, Far)]
    [InlineData("192.168.4.22", 5001, "06:06:00:00:00:78")]
    [InlineData("192.168.4.11", 5001, Mac1)]
    public void Of_what_is_not_at_that_host_it_changes_nothing(string pa, uint vsid, string mac)
    {
        _host.Hear("10.0.0.80");
        _host.Learn("10.0.0.70");
        Static("10.0.0.7", "192.168.4.22");
        var before = _host.Kernel.Learned.ToDictionary();

        Say(pa, vsid, mac);

        Assert.Equal(before, _host.Kernel.Learned);
        Assert.Empty(_host.Core.Unreachable);
    }

    [Fact]
    public void Against_policy_it_does_nothing_but_be_shown_for_a_while()
    {
        Static("10.0.0.7", "192.168.4.22");

        Say("192.168.4.22");

        Assert.Single(_host.Core.Unreachable);
        Assert.Single(_host.Kernel.Records.Desired);
        _host.Time.Advance(LearningCore.UnreachableShown + TimeSpan.FromSeconds(1));
        Assert.Empty(_host.Core.Unreachable);
    }

    [Fact]
    public void One_that_is_challenged_is_left_to_the_challenge_and_a_storm_is_looked_at_now_and_then()
    {
        _host.Hear("10.0.0.80");
        _host.Kernel.Learned[Key("10.0.0.80")] = _host.Entry("10.0.0.80")!.Value with { DeadlineNs = _host.Boot + 1 };
        Say("192.168.4.22");
        _host.Hear("10.0.0.81");
        _host.Core.OnUnreachable(5001, KernelMac.From(MacAddress.Parse(Far)), IPAddress.Parse("192.168.4.22"));

        Assert.Equal(("192.168.4.22", "192.168.4.22"), (_host.Where("10.0.0.80"), _host.Where("10.0.0.81")));
    }

    private void Say(string pa, uint vsid = 5001, string mac = Far)
    {
        _host.Time.Advance(TimeSpan.FromSeconds(1));
        _host.Core.OnUnreachable(vsid, KernelMac.From(MacAddress.Parse(mac)), IPAddress.Parse(pa));
    }

    private void Static(string address, string pa) =>
        _host.Kernel.Records.Set(Key(address), RecordEntry.Remote(MacAddress.Parse(Far), RecordKind.Static, IPAddress.Parse(pa)));
}
