using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Hnv.Controller.Backup;
using Hnv.Fuzzing;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Backup;

/// <summary>
/// Whatever a backup holds, in its compressed form, behind right checksums of its archive, or in its list: files as the list says, or one refusal. The
/// corpus has the backup of a lab's controller, and lists.
/// </summary>
public sealed class BackupFuzzTests : IDisposable
{
    private const int GateRounds = 150, SoakRounds = 60_000;
    private const int Block = 512;

    private static readonly Corpus s_archives = new("Backup/corpus", "*.tgz"), s_lists = new("Backup/corpus", "*.json"), s_tars = new("Backup/corpus", "*.tar");

    private static readonly byte[] s_content = Encoding.ASCII.GetBytes(new string('x', 16));

    private static readonly string[] s_words = ["../evil", "pki/..", "pki/a/b", "/etc/passwd", "state.db", "controller.yaml", "pki/ca.key", "hnv-controller-backup", "\\ud800", "9223372036854775807", "ustar", "\0", "77777777777"];

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Lists => s_lists.Theory;

    public static TheoryData<string> Tars => s_tars.Theory;

    public static TheoryData<string> Archives => s_archives.Theory;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Archives))]
    public void Unpack_CorpusArchive_IsWhole(string file) => Assert.True(Unpack(s_archives.Read(file)));

    [Theory]
    [MemberData(nameof(Lists))]
    public void Unpack_CorpusList_IsWholeOrRefused(string file) => Assert.Equal(!file.StartsWith("refused", StringComparison.Ordinal), Unpack(Packed(Archive(s_lists.Read(file)))));

    [Theory]
    [MemberData(nameof(Tars))]
    public void Unpack_CorpusTar_IsRefused(string file) => Assert.False(Unpack(Packed(Sealed(s_tars.Read(file)))));

    [Fact]
    public void Unpack_MutatedCorpus_IsWholeOrRefused() => Fuzz(GateRounds);

    [Fact]
    [Trait("Category", "Soak")]
    public void Unpack_MutatedCorpusForLong_IsWholeOrRefused() => Fuzz(SoakRounds);

    private void Fuzz(int rounds)
    {
        byte[] small = Archive(s_lists.Read("manifest.json"));
        FuzzRun.Of(rounds, new Mutator(s_archives.Samples), Unpack);
        FuzzRun.Of(rounds, new Mutator([small, small, Unpacked(s_archives.Samples[0])], s_words), tar => Unpack(Packed(Sealed(tar))));
        FuzzRun.Of(rounds, new Mutator(s_lists.Samples, s_words), list => Unpack(Packed(Archive(list))));
    }

    /// <returns>Whether all of it was unpacked.</returns>
    private bool Unpack(byte[] archive)
    {
        string target = Directory.CreateDirectory(Path.Combine(_directory.Path, "to")).FullName;
        try
        {
            using var input = new MemoryStream(archive);
            BackupManifest manifest = BackupReader.UnpackAsync(input, "backup", f => Path.Combine(target, f.Replace('/', '_')), Cancelled).GetAwaiter().GetResult();
            Assert.Equal(manifest.Files.Select(static f => (f.Name.Replace('/', '_'), f.Size)).Order(), new DirectoryInfo(target).GetFiles().Select(static f => (f.Name, f.Length)).Order());
            return true;
        }
        catch (BackupException)
        {
            return false;
        }
        finally
        {
            Directory.Delete(target, recursive: true);
        }
    }

    private static byte[] Archive(byte[] list)
    {
        using var output = new MemoryStream();
        using (var tar = new TarWriter(output, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in new[] { ("hnv-controller-backup.json", list), ("state.db", s_content), ("pki/ca.crt", s_content) })
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return output.ToArray();
    }

    /// <summary>With the checksum of every header made right (POSIX ustar: the sum of its bytes, those of the sum as blanks).</summary>
    private static byte[] Sealed(byte[] tar)
    {
        for (int at = 0; at + Block <= tar.Length; at += Block)
        {
            Span<byte> header = tar.AsSpan(at, Block);
            if (header[257..262].SequenceEqual("ustar"u8))
            {
                header[148..156].Fill((byte)' ');
                int sum = 0;
                foreach (byte b in header)
                {
                    sum += b;
                }

                Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0").CopyTo(header[148..]);
            }
        }

        return tar;
    }

    private static byte[] Packed(byte[] tar)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(tar);
        }

        return output.ToArray();
    }

    private static byte[] Unpacked(byte[] archive)
    {
        using var gzip = new GZipStream(new MemoryStream(archive), CompressionMode.Decompress);
        using var output = new MemoryStream();
        gzip.CopyTo(output);
        return output.ToArray();
    }
}
