using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace Ashlar.Training.Native;

/// <summary>
/// Calls any libtorch operator by its name in the dispatcher, through the C functions that PyTorch keeps stable ("LibTorch Stable
/// ABI" in its documentation). An argument is 8 bytes: a number, or a handle that the call takes over; a result the same.
/// </summary>
internal static unsafe class StableAbi
{
    private static readonly delegate* unmanaged<byte*, byte*, ulong*, int> CallDispatcher =
        (delegate* unmanaged<byte*, byte*, ulong*, int>)Export("aoti_torch_call_dispatcher");

    private static readonly delegate* unmanaged<nint, nint*, int> NewTensorHandle =
        (delegate* unmanaged<nint, nint*, int>)Export("aoti_torch_new_tensor_handle");

    private static readonly delegate* unmanaged<nint, void**, int> GetDataPointer =
        (delegate* unmanaged<nint, void**, int>)Export("aoti_torch_get_data_ptr");

    private static readonly delegate* unmanaged<nuint, nint*, int> NewList =
        (delegate* unmanaged<nuint, nint*, int>)Export("torch_new_list_reserve_size");

    private static readonly delegate* unmanaged<nint, ulong, int> PushBack =
        (delegate* unmanaged<nint, ulong, int>)Export("torch_list_push_back");

    /// <summary>Calls the operator: arguments are read from the stack, then results written over them.</summary>
    /// <exception cref="InvalidOperationException">The operator refused; libtorch has written why to standard error.</exception>
    public static void Call(ReadOnlySpan<byte> name, ReadOnlySpan<byte> overload, Span<ulong> stack)
    {
        fixed (byte* namePointer = name)
        fixed (byte* overloadPointer = overload)
        fixed (ulong* stackPointer = stack)
        {
            if (CallDispatcher(namePointer, overloadPointer, stackPointer) != 0)
                throw new InvalidOperationException($"libtorch refused {Encoding.UTF8.GetString(name)}; its message is on standard error.");
        }
    }

    /// <summary>A tensor as an argument. The caller keeps its own.</summary>
    public static ulong Argument(Tensor tensor)
    {
        nint handle;
        Check(NewTensorHandle(tensor.Handle, &handle));
        return (ulong)handle;
    }

    /// <summary>A list of tensors as an argument.</summary>
    public static ulong Argument(IReadOnlyList<Tensor> tensors)
    {
        nint list;
        Check(NewList((nuint)tensors.Count, &list));
        foreach (Tensor tensor in tensors)
            Check(PushBack(list, Argument(tensor)));
        return (ulong)list;
    }

    /// <summary>A list of integers as an argument.</summary>
    public static ulong Argument(params ReadOnlySpan<long> values)
    {
        nint list;
        Check(NewList((nuint)values.Length, &list));
        foreach (long value in values)
            Check(PushBack(list, (ulong)value));
        return (ulong)list;
    }

    /// <summary>A number as an argument.</summary>
    public static ulong Argument(double value) => BitConverter.DoubleToUInt64Bits(value);

    /// <summary>A flag as an argument.</summary>
    public static ulong Argument(bool value) => value ? 1UL : 0UL;

    /// <summary>An optional argument that has this value; an absent one is 0.</summary>
    public static ulong Optional(ulong value)
    {
        // The library frees it by C++'s delete, which is free() in every C++ library that libtorch is built with.
        ulong* box = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *box = value;
        return (ulong)box;
    }

    /// <summary>A tensor that a call returned.</summary>
    public static Tensor Result(ulong value) => Tensor.UnsafeCreateTensor((nint)value);

    /// <summary>Where a tensor's first element lies.</summary>
    public static void* Data(Tensor tensor)
    {
        void* pointer;
        Check(GetDataPointer(tensor.Handle, &pointer));
        return pointer;
    }

    /// <summary>The address of a function of libtorch.</summary>
    internal static nint Export(string name)
    {
        TorchRuntime.Initialize();
        return NativeLibrary.TryGetExport(TorchLibraries.TorchCpu, name, out nint address)
            ? address
            : throw new TorchUnavailableException(
                $"libtorch in '{TorchLibraries.Folder}' has no {name}, which needs version 2.9 or newer; restore the version this build names.");
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new InvalidOperationException("A call to libtorch failed; its message is on standard error.");
    }
}
