using Hnv.Api.Stream;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Learning;

/// <summary>Policy with networks that learn, and hosts that join it.</summary>
internal static class LearnedCloud
{
    public const int PortLimit = 1024;

    /// <summary>Three hosts with a learning port each.</summary>
    public static string[] Cloud => [Host(1), Host(2), Host(3), LearningNetwork, LearningPort(1, 1), LearningPort(2, 2), LearningPort(3, 3)];

    public static string[] Other =>
    [
        """{"kind":"VmNetwork","name":"red","tenant":"red-corp","subnets":[{"vsid":6001,"prefixes":["10.0.0.0/16"],"learning":"dynamic"}]}""",
        """{"kind":"Port","name":"p1","tenant":"red-corp","vmNetwork":"red","vsid":6001,"host":"host4","interface":"v1","mac":"06:06:00:00:00:01"}""",
    ];

    public static string LearningNetwork => """{"kind":"VmNetwork","name":"blue","tenant":"blue-corp","subnets":[{"vsid":5001,"prefixes":["10.0.0.0/16"],"learning":"dynamic"}]}""";

    public static string LearningPort(int n, int host) =>
        $$"""{"kind":"Port","name":"p{{n}}","tenant":"blue-corp","vmNetwork":"blue","vsid":5001,"host":"host{{host}}","interface":"v{{n}}","mac":"06:06:00:00:00:{{n:x2}}","dynamicAddressLimit":1024}""";

    /// <summary>With the address 10.0.0.N, 69 with 10.0.0.71.</summary>
    public static string FixedPort(int n, int host) =>
        $$"""{"kind":"Port","name":"p{{n}}","tenant":"blue-corp","vmNetwork":"blue","vsid":5001,"host":"host{{host}}","interface":"v{{n}}","mac":"06:06:00:00:00:{{n:x2}}","addresses":["10.0.0.{{(n == 69 ? 71 : n)}}"]}""";

    public static async Task<LearnedReplica> JoinAsync(TestController c, int host)
    {
        var replica = new LearnedReplica(c.Client, host);
        await UntilAsync(() => Task.FromResult(replica.Stream.Messages.Any(static m => m is AttachMessage a && a.Network != HostScope.Id)), $"host{host} is told of its network");
        return replica;
    }
}
