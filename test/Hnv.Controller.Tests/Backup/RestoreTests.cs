using System.Net;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Backup;
using Hnv.Controller.Identity;
using Hnv.Model.Resources;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Backup;

/// <summary>A controller that comes back from a backup, and what hosts and watchers make of it.</summary>
public sealed class RestoreTests
{
    [Fact]
    public async Task A_controller_that_lost_everything_comes_back_as_it_was_when_the_backup_was_taken()
    {
        await using var cloud = new SavedController();
        Directory.CreateDirectory(Path.GetDirectoryName(cloud.Places.ConfigurationFile)!);
        await File.WriteAllTextAsync(cloud.Places.ConfigurationFile!, "listen: [https://0.0.0.0:8640]\n", Cancelled);
        await cloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        string[] before = [.. (await cloud.Admin.ListAsync(ResourceKind.Port, cancellationToken: Cancelled)).Items.Select(static i => i.GetProperty("mac").ToString())];
        string fingerprint = Convert.ToHexString(ControllerPki.Load(cloud.Data)!.Fingerprint);
        long saved = await cloud.BackupAsync("a.backup");
        long lost = (await cloud.Admin.ApplyAsync([Json(Port(3, 1))], cancellationToken: Cancelled)).Revision;
        await cloud.StopAsync();
        cloud.Lose();
        File.Delete(cloud.Places.ConfigurationFile!);

        RestoreResult result = await cloud.RestoreAsync("a.backup");
        await cloud.StartAsync();

        Assert.Equal(saved, result.BackupRevision);
        Assert.True(result.Revision > lost);
        Assert.Equal(before, (await cloud.Admin.ListAsync(ResourceKind.Port, cancellationToken: Cancelled)).Items.Select(static i => i.GetProperty("mac").ToString()));
        Assert.Equal(fingerprint, Convert.ToHexString(ControllerPki.Load(cloud.Data)!.Fingerprint));
        Assert.Equal("listen: [https://0.0.0.0:8640]\n", await File.ReadAllTextAsync(cloud.Places.ConfigurationFile!, Cancelled));
        Assert.True((await cloud.Admin.ApplyAsync([Json(Port(4, 1))], cancellationToken: Cancelled)).Revision > result.Revision);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(ControllerPki.DirectoryOf(cloud.Data), "ca.key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(cloud.File("a.backup")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(cloud.Data, "*.restoring*"));
    }

    [Fact]
    public async Task A_host_that_realised_lost_revisions_is_waited_for_however_far_the_restored_log_gets()
    {
        await using var cloud = new SavedController();
        await cloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        await cloud.BackupAsync("a.backup");
        for (int n = 3; n < 8; n++)
        {
            await cloud.Admin.ApplyAsync([Json(Port(n, 1))], cancellationToken: Cancelled);
        }

        long realised = (await cloud.Admin.ApplyAsync([Json(Port(8, 2))], cancellationToken: Cancelled)).Revision;
        await cloud.StopAsync();
        cloud.Lose();
        await cloud.RestoreAsync("a.backup");
        await cloud.StartAsync();

        // Both come back with what they had: the lost log's last word.
        var host1 = new PolicyStreamClient(cloud.Admin, "host1");
        var host2 = new PolicyStreamClient(cloud.Admin, "host2");
        await host1.ReportAsync(Report(1, realised), Cancelled);
        await host2.ReportAsync(Report(1, realised), Cancelled);
        // One change concerns them; with others, which do not, the log passes the number that they realised in the lost one.
        await cloud.Admin.ApplyAsync([Json(Port(3, 1))], cancellationToken: Cancelled);
        long revision = 0;
        for (int n = 0; n < 2 * realised; n++)
        {
            revision = (await cloud.Admin.ApplyAsync([Json(Host(100 + n))], cancellationToken: Cancelled)).Revision;
        }

        ConvergenceAnswer waiting = await cloud.Admin.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled);
        Assert.Equal(["host1", "host2"], waiting.Pending.Select(static p => p.Host));

        await using var stream = new StreamReplica(cloud.Admin, "host1");
        await stream.UntilAsync(revision);
        await host1.ReportAsync(Report(2, stream.Bookmark), Cancelled);
        await host2.ReportAsync(Report(2, revision), Cancelled);
        Assert.True((await cloud.Admin.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled)).Converged);
    }

    [Fact]
    public async Task Of_two_restores_of_one_backup_the_later_one_gives_out_no_revision_of_the_first()
    {
        await using var cloud = new SavedController();
        await cloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        await cloud.BackupAsync("a.backup");
        await cloud.StopAsync();
        cloud.Lose();
        await cloud.RestoreAsync("a.backup");
        await cloud.StartAsync();
        long first = (await cloud.Admin.ApplyAsync([Json(Port(3, 1))], cancellationToken: Cancelled)).Revision;
        await cloud.StopAsync();
        cloud.Lose();

        Assert.True((await cloud.RestoreAsync("a.backup")).Revision > first);
    }

    [Fact]
    public async Task Restore_WithAClockThatWasSetBack_StaysBehindTheLogItReplaces()
    {
        await using var cloud = new SavedController();
        await cloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        await cloud.BackupAsync("a.backup");
        await cloud.StopAsync();
        cloud.Lose();
        long first = (await cloud.RestoreAsync("a.backup")).Revision;

        RestoreResult second = await cloud.RestoreAsync("a.backup", force: true, new StoppedClock(new DateTimeOffset(1970, 1, 1, 0, 0, 7, TimeSpan.Zero)));

        Assert.True(second.Revision > first);
    }

    [Fact]
    public async Task A_watcher_of_a_lost_revision_is_told_to_list_again()
    {
        await using var cloud = new SavedController();
        await cloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        await cloud.BackupAsync("a.backup");
        long lost = (await cloud.Admin.ApplyAsync([Json(Port(3, 1))], cancellationToken: Cancelled)).Revision;
        await cloud.StopAsync();
        cloud.Lose();
        await cloud.RestoreAsync("a.backup");
        await cloud.StartAsync();

        HnvApiException answer = await Assert.ThrowsAsync<HnvApiException>(async () =>
        {
            await foreach (WatchEvent told in cloud.Admin.WatchAsync(ResourceKind.Host, lost, cancellationToken: Cancelled))
            {
                Assert.Fail($"It told {told}.");
            }
        });

        Assert.Equal(HttpStatusCode.Gone, answer.Status);
    }

    [Fact]
    public async Task A_token_that_was_open_when_the_backup_was_taken_is_not_good_after_the_restore()
    {
        await using var cloud = new SavedController();
        await cloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        string token = (await cloud.Admin.CreateEnrollmentAsync("host1", Cancelled)).Token;
        await cloud.BackupAsync("a.backup");
        HostIdentity identity = await HostEnrollment.JoinAsync(cloud.Address, token, Cancelled);
        await cloud.StopAsync();
        cloud.Lose();
        await cloud.RestoreAsync("a.backup");
        await cloud.StartAsync();

        HnvApiException refused = await Assert.ThrowsAsync<HnvApiException>(() => HostEnrollment.JoinAsync(cloud.Address, token, Cancelled));

        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);

        // Who joined is still known: the authority is the same.
        using HnvClient host = cloud.ClientOf(identity.CertificatePem, identity.PrivateKeyPem);
        await using var stream = new StreamReplica(host, "host1");
        await stream.UntilAsync(1);
    }

    [Fact]
    public async Task Restore_WhereThereIsAState_RefusesAndSetsItAsideWithForce()
    {
        await using var cloud = new SavedController();
        await cloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        await cloud.BackupAsync("a.backup");
        long last = (await cloud.Admin.ApplyAsync([Json(Port(3, 1))], cancellationToken: Cancelled)).Revision;
        BackupException running = await Assert.ThrowsAsync<BackupException>(() => cloud.RestoreAsync("a.backup", force: true));
        await cloud.StopAsync();
        byte[] log = await File.ReadAllBytesAsync(cloud.Places.LogFile, Cancelled);

        BackupException refused = await Assert.ThrowsAsync<BackupException>(() => cloud.RestoreAsync("a.backup"));
        Assert.Equal(log, await File.ReadAllBytesAsync(cloud.Places.LogFile, Cancelled));
        RestoreResult forced = await cloud.RestoreAsync("a.backup", force: true);

        Assert.Contains("in use", running.Message, StringComparison.Ordinal);
        Assert.Contains(cloud.Places.LogFile, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--force", refused.Message, StringComparison.Ordinal);
        Assert.Single(forced.SetAside, static p => p.Contains("pki", StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(cloud.Data, "state.db-*")); // Companions of the old log would be taken for the new one's.
        Assert.Equal(log, await File.ReadAllBytesAsync(forced.SetAside.Single(static p => p.Contains("state.db", StringComparison.Ordinal) && p.EndsWith('Z')), Cancelled));
        Assert.True(forced.Revision > last);
        await cloud.StartAsync();
    }

    [Fact]
    public async Task Restore_WhereTheConfigurationDiffers_KeepsItAndPutsTheBackupsBeside()
    {
        await using var cloud = new SavedController();
        Directory.CreateDirectory(Path.GetDirectoryName(cloud.Places.ConfigurationFile)!);
        await File.WriteAllTextAsync(cloud.Places.ConfigurationFile!, "old", Cancelled);
        await cloud.StartAsync();
        await cloud.BackupAsync("a.backup");
        await cloud.StopAsync();
        cloud.Lose();
        await File.WriteAllTextAsync(cloud.Places.ConfigurationFile!, "new", Cancelled);

        RestoreResult result = await cloud.RestoreAsync("a.backup");

        Assert.Equal("new", await File.ReadAllTextAsync(cloud.Places.ConfigurationFile!, Cancelled));
        Assert.Equal("old", await File.ReadAllTextAsync(cloud.Places.ConfigurationFile + ".from-backup", Cancelled));
        Assert.Contains(".from-backup", Assert.Single(result.Remarks), StringComparison.Ordinal);
    }

    private static HostReport Report(long sequence, long realised) => new(PolicyProtocol.Version, "0.1.0", 1, sequence, realised, [], []);
}
