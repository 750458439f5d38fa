using System.Collections.Immutable;

namespace Hnv.Api.Resources;

/// <summary>A field that the reader of an object asks for: see <see cref="StrictObject.FieldsAskedBy"/>.</summary>
public sealed record FieldShape(string Name, FieldForm Form, bool Required = false)
{
    /// <summary>Whether it is a list of such values.</summary>
    public bool IsList { get; init; }

    /// <summary>Of a <see cref="FieldForm.Number"/>.</summary>
    public (uint Min, uint Max) Range { get; init; } = (0, uint.MaxValue);

    /// <summary>Of a <see cref="FieldForm.Word"/>: one of these.</summary>
    public ImmutableArray<string> Words { get; init; } = [];

    /// <summary>Of a <see cref="FieldForm.Object"/>, and of a <see cref="FieldForm.AddressOrObject"/> that is one.</summary>
    public ImmutableArray<FieldShape> Fields { get; init; } = [];
}

/// <summary>What a field may hold.</summary>
public enum FieldForm
{
    Text,
    Number,
    Flag,
    Word,
    Address,

    /// <summary>FIRST-LAST.</summary>
    AddressRange,
    Prefix,

    /// <summary>ADDRESS/LENGTH, host bits and all.</summary>
    InterfaceAddress,
    Mac,
    Identifier,
    Object,
    AddressOrObject,
}
