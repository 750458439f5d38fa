using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Programs;

namespace Hnv.Datapath.Maps.Tests.Layouts;

public sealed partial class LayoutTests
{
    private static readonly Type[] s_mirrors = [.. typeof(Layout).Assembly.GetTypes().Where(type => type.GetCustomAttribute<KernelStructAttribute>() is not null)];

    private static readonly Dictionary<string, Dictionary<string, int>> s_kernel = ReadStructs();

    public static TheoryData<string> Mirrors => [.. s_mirrors.Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(Mirrors))]
    public void Mirror_HasSizeAndFieldsOfTheCompiledStruct(string typeName)
    {
        Type mirror = typeof(Layout).Assembly.GetType(typeName)!;
        string name = mirror.GetCustomAttribute<KernelStructAttribute>()!.Name;
        Dictionary<string, int> expected = s_kernel[name];

        Assert.Equal(expected[""], Marshal.SizeOf(mirror));
        Assert.Equal(expected[""], SizeOf(mirror));
        if (mirror == typeof(KernelAddress))
        {
            return; // Its two halves are its own affair.
        }

        Dictionary<string, int> actual = mirror.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
            .ToDictionary(field => SnakeCase(BackingField().Match(field.Name).Groups["name"].Value), field => (int)Marshal.OffsetOf(mirror, field.Name), StringComparer.Ordinal);
        actual[""] = expected[""];
        Assert.Equal(expected.OrderBy(field => field.Value).ThenBy(field => field.Key, StringComparer.Ordinal), actual.OrderBy(field => field.Value).ThenBy(field => field.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void EveryStructOfTheHeader_HasAMirror()
    {
        string header = Repository.Read("bpf/include/layouts.h");

        string[] declared = [.. StructPattern().Matches(header).Select(match => match.Groups["name"].Value).Order(StringComparer.Ordinal)];

        Assert.Equal(declared, s_mirrors.Select(type => type.GetCustomAttribute<KernelStructAttribute>()!.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Version_IsThatOfTheHeader()
    {
        string header = Repository.Read("bpf/include/layouts.h");

        Assert.Equal(Layout.Version.ToString(), VersionPattern().Match(header).Groups["number"].Value);
    }

    [Fact]
    public void Stages_AreThoseOfTheHeader()
    {
        string header = Repository.Read("bpf/include/stages.h");

        Dictionary<string, uint> declared = StageEntry().Matches(header)
            .ToDictionary(match => match.Groups["name"].Value, match => uint.Parse(match.Groups["number"].Value, System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);

        Assert.NotEmpty(declared);
        Assert.Equal(declared.OrderBy(stage => stage.Value), ProgramStages.Numbers.OrderBy(stage => stage.Value));
        Assert.All(declared.Keys, stage => Assert.Contains(ProgramImage.Embedded, image => image.Name == stage));
    }

    [Theory]
    [InlineData(typeof(PortFlags), "HNV_PORT_")]
    [InlineData(typeof(Encapsulation), "HNV_ENCAP_")]
    [InlineData(typeof(RecordFlags), "HNV_RECORD_FLAG_")]
    [InlineData(typeof(RecordKind), "HNV_RECORD_(?!FLAG_)")]
    [InlineData(typeof(PeerFlags), "HNV_PEER_")]
    public void Constants_AreThoseOfTheHeader(Type constants, string prefix)
    {
        string header = Repository.Read("bpf/include/layouts.h");

        Dictionary<string, uint> declared = Regex.Matches(header, $@"#define {prefix}([A-Z0-9_]+) (0x[0-9a-f]+|[0-9]+)", RegexOptions.None, TimeSpan.FromSeconds(5))
            .ToDictionary(match => match.Groups[1].Value.Replace("_", "", StringComparison.Ordinal), match => Convert.ToUInt32(match.Groups[2].Value, match.Groups[2].Value.StartsWith("0x", StringComparison.Ordinal) ? 16 : 10), StringComparer.Ordinal);
        Dictionary<string, uint> mirrored = Enum.GetNames(constants).Where(name => name != "None")
            .ToDictionary(name => name.ToUpperInvariant(), name => Convert.ToUInt32(Enum.Parse(constants, name)), StringComparer.Ordinal);

        Assert.Equal(declared.OrderBy(entry => entry.Key, StringComparer.Ordinal), mirrored.OrderBy(entry => entry.Key, StringComparer.Ordinal));
    }

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    private static string SnakeCase(string name) => WordStart().Replace(name, "_$0").ToLowerInvariant();

    /// <summary>
    /// Struct name to field offsets in bytes; the size under the empty name. From the BTF of an object with a variable of every type,
    /// because the programs' BTF does not name what they only use on their stacks.
    /// </summary>
    private static Dictionary<string, Dictionary<string, int>> ReadStructs()
    {
        string folder = Directory.CreateTempSubdirectory("hnvt-").FullName;
        try
        {
            string source = Path.Combine(folder, "layouts.bpf.c"), output = Path.Combine(folder, "layouts.bpf.o");
            string[] names = [.. StructPattern().Matches(Repository.Read("bpf/include/layouts.h")).Select(match => match.Groups["name"].Value)];
            File.WriteAllText(source, $"""
                #include "include/kernel.h"
                #include "include/layouts.h"
                {string.Join('\n', names.Select(name => $"struct {name} a_{name} = {{}};"))}
                """);
            OtherBuild.Compile(source, folder);
            using JsonDocument btf = JsonDocument.Parse(Command.Run("bpftool", "-j", "btf", "dump", "file", output));
            return btf.RootElement.GetProperty("types").EnumerateArray().Where(type => type.GetProperty("kind").GetString() == "STRUCT").ToDictionary(
                type => type.GetProperty("name").GetString()!,
                type => type.GetProperty("members").EnumerateArray()
                    .Select(member => KeyValuePair.Create(member.GetProperty("name").GetString()!, member.GetProperty("bits_offset").GetInt32() / 8))
                    .Append(KeyValuePair.Create("", type.GetProperty("size").GetInt32()))
                    .ToDictionary(StringComparer.Ordinal),
                StringComparer.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex("^<(?<name>.+)>k__BackingField$")]
    private static partial Regex BackingField();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();

    [GeneratedRegex(@"^struct (?<name>hnv_\w+) \{", RegexOptions.Multiline)]
    private static partial Regex StructPattern();

    [GeneratedRegex(@"X\((?<name>[a-z_0-9]+), (?<number>[0-9]+)\)")]
    private static partial Regex StageEntry();

    [GeneratedRegex("#define HNV_LAYOUT (?<number>[0-9]+)")]
    private static partial Regex VersionPattern();
}
