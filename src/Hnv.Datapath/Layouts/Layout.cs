namespace Hnv.Datapath.Layouts;

/// <summary>The layout of keys and values that this build and its programs use.</summary>
public static class Layout
{
    /// <summary>HNV_LAYOUT of bpf/include/layouts.h; part of every map's pin name.</summary>
    public const int Version = 2;
}

/// <summary>
/// Marks the mirror of a struct of bpf/include/layouts.h. Fields have the C names in Pascal case and the C order; a test compares
/// sizes and offsets with the BTF of the compiled programs.
/// </summary>
[AttributeUsage(AttributeTargets.Struct)]
internal sealed class KernelStructAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
