using System.Collections.Immutable;
using Hnv.Agent.Sync;
using Hnv.Linux;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Cache;

/// <summary>
/// The last policy on disk, one file a network: <c>policy/ROUTING-DOMAIN.policy</c>. A file is replaced whole
/// (<see cref="ReplacedFile"/>). So after a crash each network is as of some revision, never a mixture.
/// </summary>
internal sealed partial class PolicyCache(string stateDirectory, ILogger<PolicyCache> log)
{
    private const string Extension = ".policy";

    private readonly string _directory = Path.Combine(stateDirectory, "policy");

    /// <summary>
    /// Everything that can be read. A file that cannot is renamed to <c>….refused-N</c> for people to look at, reported, and not missed:
    /// the controller sends that network anew.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be made or read.</exception>
    public ImmutableArray<HeldNetworkPolicy> Load(out ImmutableArray<string> problems)
    {
        Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var policies = ImmutableArray.CreateBuilder<HeldNetworkPolicy>();
        var found = ImmutableArray.CreateBuilder<string>();
        foreach (string leftover in Directory.EnumerateFiles(_directory, "*" + Extension + ReplacedFile.Unfinished))
        {
            File.Delete(leftover);
        }

        foreach (string path in Directory.EnumerateFiles(_directory, "*" + Extension).Order(StringComparer.Ordinal))
        {
            try
            {
                HeldNetworkPolicy policy = PolicyFile.Read(File.ReadAllBytes(path));
                if (PathOf(policy.Network) != path)
                {
                    throw new PolicyFileException("it holds another network than its name says");
                }

                policies.Add(policy);
            }
            catch (PolicyFileException e)
            {
                string aside = RefusedFile.SetAside(path);
                LogRefused(log, path, e.Message, aside);
                found.Add($"The cached policy {path} was refused: {e.Message}. It was kept as {aside}; the controller is asked for it.");
            }
        }

        problems = found.ToImmutable();
        return policies.ToImmutable();
    }

    /// <summary>Replaces the file of a network.</summary>
    /// <exception cref="IOException">The disk is full, or it failed; the old file stands.</exception>
    public void Save(HeldNetworkPolicy policy) =>
        ReplacedFile.Write(PathOf(policy.Network), file => PolicyFile.Write(file, policy));

    /// <summary>Forgets a network that left the host.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Delete(Guid network)
    {
        File.Delete(PathOf(network));
        DirectorySync.Flush(_directory);
    }

    private string PathOf(Guid network) => Path.Combine(_directory, network.ToString("D") + Extension);

    [LoggerMessage(Level = LogLevel.Error, Message = "The cached policy {Path} was refused: {Reason}. It was kept as {Aside}; the controller is asked for it")]
    private static partial void LogRefused(ILogger log, string path, string reason, string aside);
}
