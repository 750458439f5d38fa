using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <summary>Finds global variables by the BTF of an object: DATASEC types list the variables of .rodata, .data and .bss.</summary>
internal static unsafe class BtfGlobals
{
    private const uint DataSection = 15; // BTF_KIND_DATASEC

    /// <returns>The section's name, the variable's offset in it and its size in bytes.</returns>
    public static (string Section, uint Offset, uint Size)? Find(nint btf, string variable)
    {
        for (uint id = 1; btf != 0 && id < LibBpf.BtfTypeCount(btf); id++)
        {
            var type = LibBpf.BtfTypeById(btf, id);
            if (type->Kind != DataSection)
            {
                continue;
            }

            foreach (var entry in new ReadOnlySpan<LibBpf.BtfVariable>(type + 1, type->Count))
            {
                var name = LibBpf.BtfName(btf, LibBpf.BtfTypeById(btf, entry.Type)->NameOffset);
                if (LibBpf.Text(name) == variable)
                {
                    return (LibBpf.Text(LibBpf.BtfName(btf, type->NameOffset)), entry.Offset, entry.Size);
                }
            }
        }

        return null;
    }
}
