using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>4 floats in a 128-bit register.</summary>
internal readonly struct Lanes128(Vector128<float> value) : ILanes<Lanes128>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    public static Lanes128 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(ref readonly float source) => new(Vector128.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, ref float destination) => value._value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 left, Lanes128 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Subtract(Lanes128 left, Lanes128 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Multiply(Lanes128 left, Lanes128 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Divide(Lanes128 left, Lanes128 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 left, Lanes128 right) => new(Vector128.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 left, Lanes128 right, Lanes128 addend) =>
        new(Vector128.MultiplyAddEstimate(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Exp(Lanes128 value) => new(Vector128.Exp(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ExpBelowZero(Lanes128 value)
    {
        Vector128<float> x = value._value;
        Vector128<float> shifted = Vector128.MultiplyAddEstimate(x, Vector128.Create(FloatExp.Log2E), Vector128.Create(FloatExp.Rounder));
        Vector128<float> power = shifted - Vector128.Create(FloatExp.Rounder);
        Vector128<float> r = Vector128.MultiplyAddEstimate(power, Vector128.Create(-FloatExp.Ln2High), x);
        r = Vector128.MultiplyAddEstimate(power, Vector128.Create(-FloatExp.Ln2Low), r);
        Vector128<float> p = Vector128.MultiplyAddEstimate(Vector128.Create(FloatExp.C6), r, Vector128.Create(FloatExp.C5));
        p = Vector128.MultiplyAddEstimate(p, r, Vector128.Create(FloatExp.C4));
        p = Vector128.MultiplyAddEstimate(p, r, Vector128.Create(FloatExp.C3));
        p = Vector128.MultiplyAddEstimate(p, r, Vector128.Create(FloatExp.C2));
        p = Vector128.MultiplyAddEstimate(p, r, Vector128.Create(FloatExp.C1));
        p = Vector128.MultiplyAddEstimate(p, r * r, r) + Vector128<float>.One;
        // The low bits of the shifted value are the power of two: they go to the exponent.
        Vector128<float> result = (p.AsInt32() + Vector128.ShiftLeft(shifted.AsInt32(), 23)).AsSingle();
        return new(Vector128.ConditionalSelect(Vector128.LessThan(x, Vector128.Create(FloatExp.Smallest)), Vector128<float>.Zero, result));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SelectNegative(Lanes128 sign, Lanes128 ifNegative, Lanes128 otherwise) =>
        new(Vector128.ConditionalSelect(
            Vector128.LessThan(sign._value, Vector128<float>.Zero), ifNegative._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 value) => Vector128.Sum(value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes128 value) => MathF.Max(MathF.Max(value._value[0], value._value[1]), MathF.Max(value._value[2], value._value[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyAbove(Lanes128 value, Lanes128 bound) => Vector128.GreaterThanAny(value._value, bound._value);
}
