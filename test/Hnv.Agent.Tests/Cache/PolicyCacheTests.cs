using System.Collections.Immutable;
using Hnv.Agent.Cache;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Cache;

public sealed class PolicyCacheTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-cache-").FullName;
    private readonly PolicyCache _cache;

    public PolicyCacheTests() => _cache = new PolicyCache(_directory, NullLogger<PolicyCache>.Instance);

    private string FileOfBlue => Path.Combine(_directory, "policy", Blue + ".policy");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Load_AfterSave_ReturnsThePolicy()
    {
        _cache.Load(out _);
        _cache.Save(Policy(Blue, 5, Subnet()));
        _cache.Save(Policy(Blue, 6, Subnet(), Record("10.0.0.5")));

        HeldNetworkPolicy policy = Assert.Single(_cache.Load(out ImmutableArray<string> problems));
        Assert.Equal((6, 2), (policy.Revision, policy.Items.Count));
        Assert.Empty(problems);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileOfBlue));
    }

    [Fact]
    public void Load_DamagedFile_IsKeptAsideAndTheOthersAreRead()
    {
        _cache.Load(out _);
        _cache.Save(Policy(Blue, 5, Subnet()));
        _cache.Save(Policy(Red, 5, Subnet(6001)));
        byte[] bytes = File.ReadAllBytes(FileOfBlue);
        bytes[^5] ^= 1;
        File.WriteAllBytes(FileOfBlue, bytes);

        HeldNetworkPolicy policy = Assert.Single(_cache.Load(out ImmutableArray<string> problems));

        Assert.Equal(Red, policy.Network);
        Assert.Contains("checksum", Assert.Single(problems), StringComparison.Ordinal);
        Assert.False(File.Exists(FileOfBlue));
        Assert.Equal(bytes, File.ReadAllBytes(FileOfBlue + ".refused-1"));
    }

    /// <summary>After a step back to an older version, say: the kernel goes on, and the controller is asked.</summary>
    [Fact]
    public void Load_FileOfANewerFormat_IsKeptAsideAndSaid()
    {
        _cache.Load(out _);
        _cache.Save(Policy(Blue, 5, Subnet()));
        byte[] bytes = File.ReadAllBytes(FileOfBlue);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), PolicyFile.Format + 1);
        System.Security.Cryptography.SHA256.HashData((byte[])[.. bytes[..12], .. bytes[44..]]).CopyTo(bytes, 12);
        File.WriteAllBytes(FileOfBlue, bytes);

        Assert.Empty(_cache.Load(out ImmutableArray<string> problems));

        Assert.Contains($"it has format {PolicyFile.Format + 1}, this agent reads {PolicyFile.Format}", Assert.Single(problems), StringComparison.Ordinal);
        Assert.Contains("a newer version wrote it, which can use it again when its name is put back", problems[0], StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(FileOfBlue + ".refused-1"));
        _cache.Save(Policy(Blue, 6, Subnet()));
        Assert.Equal(6, Assert.Single(_cache.Load(out _)).Revision);
    }

    [Fact]
    public void Load_FileUnderAnotherNetworksName_IsRefused()
    {
        _cache.Load(out _);
        _cache.Save(Policy(Red, 5, Subnet(6001)));
        File.Move(Path.Combine(_directory, "policy", Red + ".policy"), FileOfBlue);
        Assert.Empty(_cache.Load(out ImmutableArray<string> problems));
        Assert.Single(problems);
    }

    [Fact]
    public void Load_UnfinishedFile_IsForgottenAndTheOldOneStands()
    {
        _cache.Load(out _);
        _cache.Save(Policy(Blue, 5, Subnet()));
        File.WriteAllText(FileOfBlue + ".new", "half of");
        Assert.Equal(5, Assert.Single(_cache.Load(out _)).Revision);
        Assert.False(File.Exists(FileOfBlue + ".new"));
    }

    [Fact]
    public void Flush_OfManyChanges_WritesTheLastAndDeletesWhatLeft()
    {
        _cache.Load(out _);
        _cache.Save(Policy(Red, 1, Subnet(6001)));
        var writer = new CacheWriter(_cache, new FakeTime(), NullLogger<CacheWriter>.Instance);
        writer.OnUpdate(new NetworkChanged(Policy(Blue, 5, Subnet()), []));
        writer.OnUpdate(new NetworkChanged(Policy(Blue, 9, Subnet()), []));
        writer.OnUpdate(new NetworkDetached(Policy(Red, 1)));
        Assert.False(File.Exists(FileOfBlue));

        Assert.True(writer.Flush());

        Assert.Equal((Blue, 9), (Assert.Single(_cache.Load(out _)).Network, _cache.Load(out _)[0].Revision));
    }

    [Fact]
    public void Flush_ThatFails_SaysSoAndIsRepeated()
    {
        _cache.Load(out _);
        var writer = new CacheWriter(_cache, new FakeTime(), NullLogger<CacheWriter>.Instance);
        writer.OnUpdate(new NetworkChanged(Policy(Blue, 5, Subnet()), []));
        Directory.Delete(Path.Combine(_directory, "policy"), recursive: true);

        Assert.False(writer.Flush());
        Assert.NotNull(writer.Problem);
        Directory.CreateDirectory(Path.Combine(_directory, "policy"));
        Assert.True(writer.Flush());

        Assert.Null(writer.Problem);
        Assert.Single(_cache.Load(out _));
    }

    [Fact]
    public async Task RunAsync_Cancelled_WritesWhatIsNoted()
    {
        _cache.Load(out _);
        var writer = new CacheWriter(_cache, new FakeTime(), NullLogger<CacheWriter>.Instance);
        using var stop = new CancellationTokenSource();
        Task run = writer.RunAsync(stop.Token);
        writer.OnUpdate(new NetworkChanged(Policy(Blue, 5, Subnet()), []));

        await stop.CancelAsync();
        await run;

        Assert.Single(_cache.Load(out _));
    }
}
